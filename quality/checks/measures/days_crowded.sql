-- One row per source and day of recording: how many events were written down that day, in times of a busy day of the source.
-- reads: observed
with days as (
  select source, recorded_at::date as day, count(*) as n
  from observed
  where recorded_at is not null and not is_backlog
  group by all
)
select d.source as subject, d.day as period, d.n, null::bigint as k,
  (d.n + 3) / (quantile_cont(o.n, 0.98) + 3) as value
from days d
join days o on o.source = d.source and o.day <> d.day
group by d.source, d.day, d.n
having count(*) >= 30
