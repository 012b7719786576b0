-- One row per source: events whose copies say different things under one id, until a steward decides.
-- reads: quarantined
select
  coalesce(source, 'unknown source') as source, count(distinct event_key) as events, count(*) as copies,
  (epoch(getvariable('now')::timestamp) - min(epoch(received_at))) / 86400 as oldest_days
from quarantined
where reason = 'conflict'
group by all
order by oldest_days desc, source
