-- One row per agency and month: how far the share of its decisions that nobody told the victim left its usual share.
-- reads: telling_facts, observed
with counted as (
  select e.agency as subject, e.month as period, count(*) as n, count(*) filter (t.told_at is null) as k
  from telling_facts t
  join observed e using (event_key)
  where e.occurred_at < getvariable('as_of') - interval 30 day
  group by all
)
from share_drift('counted')
