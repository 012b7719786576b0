-- One row per source: how many of its events state a unit that otherwise belongs to another area.
-- reads: observed
with homes as (
  select unit, area, count(*) as events, sum(count(*)) over (partition by unit) as all_events
  from observed
  where unit is not null
  group by unit, area
  qualify row_number() over (partition by unit order by events desc, area) = 1
)
select
  e.source as subject, null::date as period, count(*) as n, count(*) filter (e.area <> h.area) as k, k / n as value
from observed e
join homes h using (unit)
-- a unit that works for several areas says nothing
where h.events >= 0.98 * h.all_events
group by e.source
