-- One row per source and week that is over: how far eight weeks from then on left the eight before, in times of their scatter.
-- reads: weekly
with levels as (
  select
    source, week,
    avg(n) over before as earlier, stddev_samp(n) over before as scatter, row_number() over (partition by source order by week) as number,
    avg(n) over after as later, sum(n) over after as n, count(*) over after as weeks_after
  from weekly
  window
    before as (partition by source order by week rows between 8 preceding and 1 preceding),
    after as (partition by source order by week rows between current row and 7 following)
)
select
  source as subject, week as period, n::bigint as n, null::bigint as k,
  -- a quarter more or less is no fault
  greatest(abs(later - earlier) - 0.25 * earlier, 0) / (greatest(scatter, sqrt(earlier)) / sqrt(8)) as value
from levels
-- a feed that has begun grows for half a year, with its cases
where number > 26 and weeks_after = 8 and earlier >= 5
