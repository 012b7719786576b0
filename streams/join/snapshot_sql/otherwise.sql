-- One row: the last snapshot of a source that another mapping read, where this one has read none; else null.
-- reads: snapshot_rows, snapshot_contents; parameters: the meaning of the mapping, the source
select max(r.revision)
from snapshot_rows r
where r.mapping in (select mapping from snapshot_contents c where c.mapping <> $1 and c.event.source = $2)
  and not exists (select 1 from snapshot_rows where mapping = $1)
