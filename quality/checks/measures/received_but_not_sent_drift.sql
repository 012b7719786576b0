-- One row per receiving agency and month: how far the share of receipts of what nobody sent left its usual share.
-- reads: receipts
with counted as (
  select agency as subject, month as period, count(*) as n, count(*) filter (is_unsent) as k
  from receipts
  group by all
)
from share_drift('counted')
