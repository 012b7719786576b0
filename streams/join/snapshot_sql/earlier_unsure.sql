-- One row per snapshot that was read before with a row that cannot be read; null where it may be any of them.
-- reads: snapshot_faults
select distinct revision from snapshot_faults where mapping = $mapping and id is null
