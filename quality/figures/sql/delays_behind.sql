-- One row per handoff: what the figure `delays` counts. Rows that two times have in common changed nothing in it.
-- reads: handoff_facts
select
  concat(from_agency, ' to ', to_agency) as subject, case_key,
  -- names the case by what it counts here, so that a case under another key is the same and a case that was joined is not
  min(sent_event) over (partition by from_agency, to_agency, case_key) as counted_as,
  sent_event, received_event, sent_at, received_at, ended_at, held_seconds
from handoff_facts
