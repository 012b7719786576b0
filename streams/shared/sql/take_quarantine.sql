-- One row per record in quarantine whose message is taken: without its content, which is not shared.
-- reads: fresh, decoded
delete from quarantined where quarantine_id in (select quarantine_id from fresh);
delete from quarantine_versions where quarantine_id in (select quarantine_id from fresh);
insert into quarantine_versions select quarantine_id, version from fresh;
insert into quarantined by name
select
  ('0x' || quarantine_id)::ubigint as quarantine_id, reason, field, detail, source, event_id, type, content_hash, origin, position,
  received_at
from decoded;
