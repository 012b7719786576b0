-- One row per source: how many of its events do not say when they were written down.
-- reads: observed
select source as subject, null::date as period, count(*) as n, count(*) filter (recorded_at is null) as k, k / n as value
from observed
group by source
