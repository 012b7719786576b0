-- One row per record of a portion, whole: rows of quarantine with one place and the same bytes are one record.
-- reads: to_read_again, quarantined; parameter: the portion
select
  q.origin,
  q.position,
  q.raw,
  min(q.received_at) as received_at,
  list(q.quarantine_id order by q.quarantine_id) as quarantine_ids,
  list(q.reason order by q.quarantine_id) as reasons,
  max(q.source) as source,
  max(q.event_id) as event_id,
  max(q.headers) as headers
from quarantined q
join to_read_again t using (quarantine_id)
where t.portion = ?
group by q.origin, t.turn, q.position, q.raw
order by q.origin, t.turn, q.position
