-- One row per decision that the victim is to be told of, and the telling.
create or replace view tellings as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
-- decided by then; what was told later had not been
decided as (
  select
    t.* replace (
      if(t.told_at > asked.as_of, null, t.told_at) as told_at,
      if(t.told_at > asked.as_of, null, t.told_by) as told_by,
      if(t.told_at > asked.as_of, null, t.channel) as channel,
      if(t.told_at > asked.as_of, null, t.lag_seconds) as lag_seconds,
      if(t.told_at > asked.as_of, 'not_told', t.class) as class,
      if(t.told_at > asked.as_of, null, t.told_event) as told_event
    ),
    e.agency, e.unit, e.type, e.decision, e.occurred_at, e.effect_at, e.event_id
  from telling_facts t
  join events e on e.event_key = t.event_key and e.case_key = t.case_key
  cross join asked
  where coalesce(e.occurred_at <= asked.as_of, true)
)
select
  'c' || lpad(lower(to_hex(d.case_key)), 16, '0') as case_id,
  d.position,
  d.agency,
  d.type,
  d.decision,
  d.occurred_at as decided_at,
  d.effect_at,
  d.told_at,
  d.told_by,
  d.channel,
  d.lag_seconds,
  d.class,
  d.event_id,
  w.event_id as told_event,
  d.unit
from decided d
left join (select event_key, event_id from events where standing = 'stands') w on w.event_key = d.told_event;
comment on view tellings is 'One row per decision that the victim is to be told of, and the first telling of it.';
comment on column tellings.case_id is 'The case.';
comment on column tellings.position is 'Place of the decision in the timeline of the case.';
comment on column tellings.agency is 'Agency that decided.';
comment on column tellings.type is 'Type of the decision.';
comment on column tellings.decision is 'What was decided.';
comment on column tellings.decided_at is 'When it was decided.';
comment on column tellings.effect_at is 'When it took effect, if stated.';
comment on column tellings.told_at is 'When the victim was first told.';
comment on column tellings.told_by is 'Agency that told.';
comment on column tellings.channel is 'How.';
comment on column tellings.lag_seconds is 'Seconds from the decision to the telling; negative where the victim was told before.';
comment on column tellings.class is 'before_effect, after_effect, told (no effect time known) or not_told.';
comment on column tellings.event_id is 'The deciding event.';
comment on column tellings.told_event is 'The telling event.';
comment on column tellings.unit is 'Unit that decided, if stated.';
