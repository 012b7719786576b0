-- One row per agency and month: how far the share of steps that it took in a case after closing it left its usual share.
-- reads: observed, closings
with counted as (
  select e.agency as subject, e.month as period, count(*) as n, count(*) filter (e.earliest_at > c.closed_at) as k
  from observed e
  left join closings c using (case_key, agency)
  group by all
)
from share_drift('counted')
