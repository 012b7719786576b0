-- One row per source: how many of its instants are at a full hour.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  -- midnights are a matter of their own
  count(*) filter (occurred_at = date_trunc('hour', occurred_at) and hour(occurred_at) <> 0) as k,
  k / n as value
from observed
where occurred_precision = 'instant'
group by source
having n >= 20
