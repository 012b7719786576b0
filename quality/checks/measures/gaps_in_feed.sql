-- One row per source: its longest silence so far, in times of the second longest and of what is usual for it.
-- reads: observed
with spaced as (
  select
    source,
    epoch(written_at) - epoch(lag(written_at) over (partition by source order by written_at)) as gap
  from (select source, coalesce(recorded_at, occurred_at) as written_at from observed where not is_backlog)
  where written_at <= getvariable('as_of')
)
select
  source as subject, null::date as period, count(*) as n, null::bigint as k,
  max(gap) / greatest(quantile_cont(gap, 0.999), 86400) as value
from spaced
group by source
having n >= 500
