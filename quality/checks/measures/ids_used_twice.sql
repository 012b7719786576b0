-- One row per source: how many of its events came with different contents under one id; a revision is no second content.
-- reads: events
select
  source as subject, null::date as period, count(distinct event_key) as n,
  count(distinct event_key) filter (contents > 1) as k, k / n as value
from (
  select source, event_key, count(*) over (partition by event_key) as contents
  from events
  where standing <> 'superseded'
)
group by source
