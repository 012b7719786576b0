-- One row per source, type, field and month: how far the share of the value that is most frequent then left its usual share.
-- reads: observed
with valued as (
  unpivot (select source, type, month, decision, reason, channel from observed)
  on decision, reason, channel into name field value code
),
tops as (
  select source, type, field, month, code, count(*) as k, sum(count(*)) over (partition by source, type, field, month) as n
  from valued
  group by source, type, field, month, code
  qualify row_number() over (partition by source, type, field, month order by k desc, code) = 1
),
counted as (
  select
    -- each value is compared with itself alone
    concat_ws(chr(31), concat_ws(' ', t.source, t.type, t.field), t.code) as subject, v.month as period, count(*) as n,
    count(*) filter (v.code = t.code) as k
  -- the value that is the top of some month, in every month
  from (select distinct source, type, field, code from tops where n >= 30) t
  join valued v using (source, type, field)
  group by t.source, t.type, t.field, t.code, v.month
)
select split_part(subject, chr(31), 1) as subject, period, n, k, value
from share_drift('counted')
-- the one that moved most
qualify row_number() over (partition by split_part(subject, chr(31), 1), period order by value desc, k desc) = 1
