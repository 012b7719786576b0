-- One row per pair of types that can happen in one order only: how many cases have the second before the first.
-- reads: observed, step_orders
with firsts as (
  select case_key, type, min(occurred_at) as first_at
  from observed
  where occurred_precision = 'instant' and type in (select earlier from step_orders union select later from step_orders)
  group by all
)
select
  concat(o.earlier, ' before ', o.later) as subject, null::date as period, count(*) as n,
  count(*) filter (l.first_at < e.first_at) as k, k / n as value
from step_orders o
join firsts e on e.type = o.earlier
join firsts l on l.type = o.later and l.case_key = e.case_key
group by all
having n >= 20
