-- One row per source and month: how far the share of events between midnight and six left its usual share.
-- reads: observed
with counted as (
  select source as subject, month as period, count(*) as n, count(*) filter (hour(occurred_at) < 6) as k
  from observed
  where occurred_precision = 'instant'
  group by all
)
from share_drift('counted')
