-- One row per source: how many of its events state no unit.
-- reads: observed
select source as subject, null::date as period, count(*) as n, count(*) filter (unit is null) as k, k / n as value
from observed
group by source
