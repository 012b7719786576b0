-- One row per source, type, field that may be left out, and month: how far the share that states it left its usual share.
-- reads: stated
with counted as (
  select
    concat_ws(' ', source, type, field) as subject, month as period, count(*) as n, count(*) filter (is_stated) as k
  from stated
  group by all
)
from share_drift('counted')
