-- One row per event that a snapshot has that was read before: from the last whole one before $since on.
-- reads: snapshot_rows, snapshot_faults
select distinct id, revision
from snapshot_rows
where mapping = $mapping
  and revision >= coalesce(
    (
      select max(r.revision)
      from snapshot_rows r
      where r.mapping = $mapping and r.revision < $since
        and r.revision not in (
          select revision from snapshot_faults where mapping = $mapping and id is null and revision is not null
        )
    ),
    $since
  )
