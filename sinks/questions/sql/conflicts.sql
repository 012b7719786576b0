-- Of which events do copies differ, and which of them wait for a decision?
-- One row per event of which copies differ: those that no steward has decided first, the oldest of them first.
-- reads: events
-- $now time: to which the days are counted
-- spare: copies, area, since
select
  if(bool_or(standing in ('stands', 'retraction')), 'decided', 'open') as state,
  source,
  event_id as event,
  string_agg(distinct type, ', ' order by type) as type,
  string_agg(distinct area, ', ' order by area) as area,
  count(*) filter (standing <> 'superseded') as copies,
  -- a conflict began when the second content came
  strftime(list_sort(list(received_at))[2], '%Y-%m-%d %H:%M') as since,
  date_diff('day', list_sort(list(received_at))[2], $now) as "days old"
from events
semi join (select event_key from events where standing = 'conflict') using (event_key)
group by event_key, source, event_id
order by state desc, since, source, event
