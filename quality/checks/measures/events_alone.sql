-- One row per source: how many of its events no other event of any source shares a case with.
-- reads: observed
select source as subject, null::date as period, count(*) as n, count(*) filter (events = 1) as k, k / n as value
from (select source, count(*) over (partition by case_key) as events from observed)
group by source
having n >= 30
