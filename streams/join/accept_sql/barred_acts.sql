-- One row per statement of an act in `barred`, as it was read; in the order of the rows.
-- reads: events, statements, barred (event_row)
with acts as (
  select e.*, content_hash_of(e) as content_hash, e.rowid as event_row
  from events e
  semi join barred b on b.event_row = e.rowid
)
select
  a.source, a.event_id as id, a.* exclude (source, event_id, recorded_at, received_at, content_hash, event_row),
  s.revision,
  coalesce(s.recorded_at, a.recorded_at) as recorded_at,
  coalesce(s.received_at, a.received_at) as received_at
from acts a
left join statements s using (event_key, content_hash)
order by a.event_row, s.revision;
