-- One row: the record of an id, with what stewards decided on it; its bytes only where they are asked for.
select
  quarantine_id, q.reason, field, detail, q.source, event_id, type, q.origin, q.position, q.received_at,
  content_hash, octet_length(raw), discarded, reason_code, assigned_to, if(?, raw, null)
from quarantined q join quarantine_states s using (quarantine_id)
where quarantine_id = ?
