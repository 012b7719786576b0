-- One row per pair of agencies and month of sending: handoffs that were sent and have no receipt.
-- reads: handoff_facts
select
  to_agency as agency, concat(from_agency, ' to ', to_agency) as subject, min(sent_at)::date as from_day,
  max(sent_at)::date as to_day, count(*) as expected, count(*) filter (received_at is not null) as found
from handoff_facts
where kind <> 'implied'
group by from_agency, to_agency, date_trunc('month', sent_at)
