-- One row per source and type: how long it has not been heard of, in times of the longest silence that is usual for it.
-- reads: observed
with spaced as (
  select
    source, type, written_at,
    epoch(written_at) - epoch(lag(written_at) over (partition by source, type order by written_at)) as gap
  from (select source, type, coalesce(recorded_at, occurred_at) as written_at from observed)
  where written_at <= getvariable('as_of')
)
select
  concat_ws(' ', source, type) as subject, null::date as period, count(*) as n, null::bigint as k,
  (epoch(getvariable('as_of')::timestamp) - max(epoch(written_at))) / greatest(max(gap), 86400) as value
from spaced
group by all
having n >= 50
