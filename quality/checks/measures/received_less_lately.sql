-- One row per pair of agencies: how far the share of handoffs never acknowledged, in the last quarter, left that before.
-- reads: handoff_facts
with counted as (
  select concat(from_agency, ' to ', to_agency) as subject, sent_at as occurred_at, received_at is null as is_at_fault
  from handoff_facts
  where kind <> 'implied' and sent_at < getvariable('as_of') - interval 30 day
)
from lately('counted')
