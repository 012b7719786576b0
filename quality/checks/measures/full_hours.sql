-- One row per source and month: how far the share of instants at a full hour left its usual share.
-- reads: observed
with counted as (
  select
    source as subject, month as period, count(*) as n,
    count(*) filter (occurred_at = date_trunc('hour', occurred_at)) as k
  from observed
  where occurred_precision = 'instant'
  group by all
)
from share_drift('counted')
