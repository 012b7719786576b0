-- One row per source and month: how far the share of fields stated, of those it may leave out and mostly does not, left its usual share.
-- reads: stated
with customary as (
  select source, type, field
  from stated
  group by all
  -- one that is always stated is required, or as good as
  having count(*) >= 20 and avg(is_stated::int) between 0.3 and 0.995
),
counted as (
  select source as subject, month as period, count(*) as n, count(*) filter (is_stated) as k
  from stated
  semi join customary using (source, type, field)
  group by all
)
from share_drift('counted')
