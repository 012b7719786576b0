-- One row per source: how many of its events say again what an earlier of its events says, under another id.
-- reads: observed
select source as subject, null::date as period, count(*) as n, count(*) filter (copy > 1) as k, k / n as value
from observed
where occurred_precision = 'instant'
group by source
