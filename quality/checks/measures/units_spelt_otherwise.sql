-- One row per source: how many of its events state a unit in another spelling than most do.
-- reads: observed
with spelt as (
  select source, unit, count(*) as events, max(count(*)) over (partition by source, lower(replace(unit, ' ', ''))) as usual
  from observed
  where unit is not null
  group by source, unit
)
select
  source as subject, null::date as period, sum(events)::bigint as n, sum(if(events < usual, events, 0))::bigint as k,
  k / n as value
from spelt
group by source
