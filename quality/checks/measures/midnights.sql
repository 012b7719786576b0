-- One row per source: how many of its instants are midnight to the second.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (occurred_at = date_trunc('day', occurred_at)) as k, k / n as value
from observed
where occurred_precision = 'instant'
group by source
