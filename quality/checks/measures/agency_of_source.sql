-- One row per source: how many of its events name another agency than most of them do.
-- reads: observed
select source as subject, null::date as period, sum(events)::bigint as n, n - max(events) as k, k / n as value
from (select source, agency, count(*) as events from observed group by all)
group by source
