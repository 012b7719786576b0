-- One row per source: how many of its events happened before what their case began with.
-- reads: observed, case_beginnings
with begun as (
  select case_key, min(occurred_at) as begun_at
  from observed
  where type in (select type from case_beginnings) and occurred_precision = 'instant'
  group by case_key
)
select
  e.source as subject, null::date as period, count(*) as n,
  count(*) filter (e.occurred_at < b.begun_at - interval 1 hour) as k, k / n as value
from observed e
join begun b using (case_key)
where e.occurred_precision = 'instant'
group by e.source
