-- One row per rejected record that does not stand in quarantine yet: the first copy of each.
-- reads: rejected_records, quarantined
insert into quarantined
  (quarantine_id, reason, field, detail, source, event_id, type, origin, position, received_at, raw, headers)
with identified as (
  select quarantine_id_of(reason, raw, source, id) as quarantine_id, * from rejected_records
),
first_copies as (
  select * from identified
  qualify row_number() over (partition by quarantine_id order by received_at, origin, position, field, detail) = 1
)
select quarantine_id, reason, field, detail, source, id, type, origin, position, received_at, raw, headers
from first_copies f
anti join quarantined q using (quarantine_id)
