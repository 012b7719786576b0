-- One row: the last snapshot of a source that was read by another mapping, or before snapshots were kept, where this mapping
-- has read none before this run; else null.
-- reads: snapshot_rows, statements, events, gathered_stated; parameters: the meaning of the mapping, the source
select max(s.revision)
from statements s
where not exists (select 1 from snapshot_rows where mapping = $1)
  and s.revision not in (select revision from gathered_stated where revision is not null)
  and s.event_key in (select event_key from events where source = $2)
