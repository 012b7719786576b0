-- One row per event of a snapshot that was read before, from $since on; of earlier ones the last that has the event, and for
-- a change the last that says one thing of it.
-- reads: snapshot_rows, snapshot_contents, snapshot_faults
with mine as (
  select id, revision, is_change, said from snapshot_rows where mapping = $mapping and said is not null
),
last_before as (
  select m.id, m.is_change, max(m.revision) as revision
  from mine m
  where m.revision < $since
    and not (
      m.is_change and exists (
        select 1 from snapshot_faults f where f.mapping = $mapping and f.id = m.id and f.revision = m.revision
      )
    )
  group by all
),
wanted as (
  from mine where revision >= $since
  union all
  from mine semi join last_before using (id, is_change, revision)
)
select unnest(c.event), w.revision, null::boolean as retracts, w.is_change, c.content
from wanted w
join snapshot_contents c on c.mapping = $mapping and c.said = w.said
