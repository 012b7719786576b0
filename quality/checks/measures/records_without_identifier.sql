-- One row per source: how many of the records received carry no identifier that may link; copies count as they came.
-- reads: deliveries, events
select
  e.source as subject, null::date as period, count(*) as n, count(*) filter (len(e.identifier_keys) = 0) as k, k / n as value
from deliveries d
join events e using (area, source, event_id)
where e.standing = 'stands' and e.agency not in (select agency from agencies where role = 'steward')
group by e.source
having n >= 50
