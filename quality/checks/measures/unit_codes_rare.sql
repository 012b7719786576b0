-- One row per source: how many of its events state a unit that hardly ever occurs.
-- reads: observed
with units as (
  select source, unit, count(*) as events, sum(count(*)) over (partition by source) as all_events
  from observed
  where unit is not null
  group by source, unit
)
select
  source as subject, null::date as period, sum(events)::bigint as n,
  sum(if(events < 0.005 * all_events, events, 0))::bigint as k, k / n as value
from units
group by source
having n >= 200
