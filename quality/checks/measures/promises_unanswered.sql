-- One row per agency and month: how far the share of contacts promised or asked for and not answered left its usual share.
-- reads: contact_facts
with counted as (
  select
    agency as subject, date_trunc('month', occurred_at)::date as period, count(*) as n,
    count(*) filter (answered_at is null) as k
  from contact_facts
  where kind in ('promised', 'requested') and occurred_at < getvariable('as_of') - interval 30 day
  group by all
)
from share_drift('counted')
