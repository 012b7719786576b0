-- Which records are in quarantine for one reason?
-- One row per record in quarantine of one reason: what is open first, in the order in which it was read.
-- $reason text: the reason
-- $rows integer = 100: rows at most
select
  q.quarantine_id as id,
  q.origin || ':' || q.position as "where",
  q.field,
  q.detail as "what was expected",
  q.source,
  q.event_id as event,
  q.type,
  if(s.discarded, 'discarded', 'open') as state,
  s.assigned_to as "assigned to"
from quarantine q
join quarantine_states s using (quarantine_id)
where q.reason = $reason
order by s.discarded, q.origin, q.position, id
limit $rows
