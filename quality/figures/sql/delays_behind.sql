-- One row per handoff that was sent by `as_of`: what the figure `delays` counts. Rows that two times have in common changed
-- nothing in it.
-- reads: handoff_facts; variable: as_of
with asked as (
  select getvariable('as_of')::timestamp as as_of
)
select
  concat(from_agency, ' to ', to_agency) as subject, case_key,
  -- names the case by what it counts here, so that a case under another key is the same and a case that was joined is not
  min(sent_event) over (partition by from_agency, to_agency, case_key) as counted_as,
  sent_event,
  if(received_at <= as_of, received_event, null) as received_event,
  sent_at,
  if(received_at <= as_of, received_at, null) as received_at,
  if(ended_at <= as_of, ended_at, null) as ended_at,
  held_seconds
from handoff_facts
cross join asked
where sent_at <= as_of
