-- One row per decision that the victim is to be told of, and the telling.
create or replace view tellings as
select
  'c' || lpad(lower(to_hex(t.case_key)), 16, '0') as case_id,
  t.position,
  e.agency,
  e.type,
  e.decision,
  e.occurred_at as decided_at,
  e.effect_at,
  t.told_at,
  t.told_by,
  t.channel,
  t.lag_seconds,
  t.class,
  e.event_id,
  w.event_id as told_event
from telling_facts t
join events e on e.event_key = t.event_key and e.case_key = t.case_key
left join (select event_key, event_id from events where standing = 'stands') w on w.event_key = t.told_event;
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
