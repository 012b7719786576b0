-- One row per pair of agencies and month: how far the share of handoffs received within a minute left its usual share.
-- reads: handoff_facts
with counted as (
  select
    concat(from_agency, ' to ', to_agency) as subject, date_trunc('month', received_at)::date as period, count(*) as n,
    count(*) filter (received_at < sent_at + interval 1 minute) as k
  from handoff_facts
  where kind <> 'implied' and received_at is not null and sent_precision = 'instant' and received_precision = 'instant'
  group by all
)
from share_drift('counted')
