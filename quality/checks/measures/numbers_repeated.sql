-- One row per source that numbers its events: how many share their number with another.
-- reads: observed
select source as subject, null::date as period, count(*) as n, n - count(distinct sequence) as k, k / n as value
from observed
where sequence is not null
group by source
having n >= 30
