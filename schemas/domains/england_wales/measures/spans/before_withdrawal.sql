-- One row per case in which the victim withdrew, and thing that may have preceded it: whether it had. So it is
-- from then on.
with withdrawn as (
  select case_key as case_id, occurred_at as withdrawn_at, agency
  from dated_events
  where case_key is not null and ends_with(type, '.victim.support_withdrawn')
  -- as the view `timeline` has it
  qualify row_number() over (
    partition by case_key
    order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
  ) = 1
),
-- as the views, of all times; nothing that happens after the withdrawal counts
cases as (
  select case_key as case_id, opened_at from case_facts
),
holdings as (
  select h.case_key as case_id, h.from_at, h.to_at
  from holding_facts h
  semi join withdrawn w on w.case_id = h.case_key
  join calendar a on a.day = h.from_date
  where coalesce(h.to_date >= (select min(day) from calendar), true)
),
handoffs as (
  select h.case_key as case_id, h.position, h.kind, h.from_agency, h.to_agency, h.sent_at, h.received_at, h.ended_at
  from handoff_facts h
  semi join withdrawn w on w.case_id = h.case_key
),
contacts as (
  select case_key as case_id, kind, occurred_at, due_at, answered_at from contact_facts
),
tellings as (
  select t.case_key as case_id, e.occurred_at as decided_at, t.told_at
  from telling_facts t
  semi join withdrawn w on w.case_id = t.case_key
  join events e on e.event_key = t.event_key and e.case_key = t.case_key
)
select
  case_id as case_key,
  withdrawn_at as from_at,
  null::timestamp as until_at,
  withdrawn_at as counted_at,
  agency,
  null::varchar as unit,
  if(had, 'had', 'had_not') as outcome,
  before
from (
{preceded}
)
