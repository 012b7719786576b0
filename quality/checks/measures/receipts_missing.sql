-- One row per pair of agencies and month of sending: how far the share never acknowledged left its usual share.
-- reads: handoff_facts
with counted as (
  select
    concat(from_agency, ' to ', to_agency) as subject, date_trunc('month', sent_at)::date as period, count(*) as n,
    count(*) filter (received_at is null) as k
  from handoff_facts
  where kind <> 'implied' and sent_at < getvariable('as_of') - interval 30 day
  group by all
)
from share_drift('counted')
