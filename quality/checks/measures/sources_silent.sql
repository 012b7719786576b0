-- One row per source and area: how long it has been silent, in times of the longest silence that is usual for it.
-- reads: observed
with spaced as (
  select
    source, area, written_at,
    epoch(written_at) - epoch(lag(written_at) over (partition by source, area order by written_at)) as gap
  from (select source, area, coalesce(recorded_at, occurred_at) as written_at from observed)
  where written_at <= getvariable('as_of')
)
select
  concat_ws(' ', source, area) as subject, null::date as period, count(*) as n, null::bigint as k,
  (epoch(getvariable('as_of')::timestamp) - max(epoch(written_at))) / greatest(quantile_cont(gap, 0.995), 86400) as value
from spaced
group by all
having n >= 50
