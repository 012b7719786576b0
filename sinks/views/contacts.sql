-- One row per communication with the victim: promised, requested, agreed, attempted, made or told.
create or replace view contacts as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
-- what was promised, asked or done by then; what answered it later had not. Joined on one key: a condition beside it
-- would compare every contact with every event
known as (
  select
    f.* replace (
      if(f.answered_at > asked.as_of, null, f.answered_at) as answered_at,
      if(f.answered_at > asked.as_of, null, f.answered_by) as answered_by
    ),
    asked.as_of
  from contact_facts f
  cross join asked
  where coalesce(f.occurred_at <= asked.as_of, true)
)
select
  'c' || lpad(lower(to_hex(f.case_key)), 16, '0') as case_id,
  f.position,
  f.kind,
  f.agency,
  f.unit,
  f.occurred_at,
  f.occurred_precision,
  f.channel,
  f.reference,
  f.due_at,
  f.answered_at,
  a.event_id as answered_by,
  case
    when f.kind not in ('promised', 'requested') then if(f.kind = 'attempted', 'tried', 'done')
    when f.answered_at is not null then if(f.due_at is null or f.answered_at <= f.due_at, 'kept', 'late')
    when f.due_at < f.as_of then 'broken'
    else 'open'
  end as state,
  e.event_id
from known f
left join (select event_key, event_id from events where standing = 'stands') e on e.event_key = f.event_key
left join (select event_key, event_id from events where standing = 'stands') a on a.event_key = f.answered_by;
comment on view contacts is 'One row per communication with the victim: promised, requested, agreed, attempted, made or told.';
comment on column contacts.case_id is 'The case.';
comment on column contacts.position is 'Place of the event in the timeline of the case.';
comment on column contacts.kind is 'promised, requested, agreed, attempted, made or told.';
comment on column contacts.agency is 'Agency that recorded it.';
comment on column contacts.unit is 'Its unit, if stated.';
comment on column contacts.occurred_at is 'When.';
comment on column contacts.occurred_precision is 'Precision of occurred_at.';
comment on column contacts.channel is 'How.';
comment on column contacts.reference is 'Id of the promise or request.';
comment on column contacts.due_at is 'When it was promised for, or asked by.';
comment on column contacts.answered_at is 'When it was answered.';
comment on column contacts.answered_by is 'Event that answered it.';
comment on column contacts.state is 'kept, late, broken or open for a promise or request; tried for an attempt; done for the others.';
comment on column contacts.event_id is 'The event.';
