-- One row per source: how many of its events lie after the time of asking.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (greatest(earliest_at, recorded_at) > getvariable('as_of') + interval 1 day) as k, k / n as value
from observed
group by source
