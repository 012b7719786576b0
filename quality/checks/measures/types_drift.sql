-- One row per source, type and month: how far the share of the type among the source's events left its usual share.
-- reads: observed
with months as (
  select source, month, count(*) as n from observed group by all
),
counted as (
  select
    concat_ws(' ', t.source, t.type) as subject, m.month as period, m.n,
    count(e.event_key) as k
  from (select source, type from observed group by all having count(*) >= 60) t
  join months m using (source)
  left join observed e on e.source = t.source and e.type = t.type and e.month = m.month
  group by all
)
from share_drift('counted')
