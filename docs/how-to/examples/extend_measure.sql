-- One row per source: how many of its events name their unit in small letters.
-- reads: observed
select source as subject, null::date as period, count(*) as n, count(*) filter (unit <> upper(unit)) as k, k / n as value
from observed
where unit is not null
group by source
