-- Keep what the snapshots of this run said: `snapshot_rows` and `snapshot_contents` have each thing once.
-- reads: gathered_seen, gathered_stated, gathered_unsure, snapshot_rows, snapshot_contents, snapshot_faults
insert into snapshot_contents by name
select
  getvariable('mapping')::varchar as mapping, said, min(content) as content,
  arg_min(
    {
      'source': source, 'id': id, 'type': type, 'version': version, 'area': area, 'agency': agency, 'unit': unit,
      'occurred_at': occurred_at, 'occurred_precision': occurred_precision, 'recorded_at': recorded_at,
      'sequence': sequence, 'identifiers': identifiers, 'decision': decision, 'reason': reason,
      'reference': reference, 'answers': answers, 'about': about, 'holder': holder, 'due_at': due_at,
      'effect_at': effect_at, 'enhanced': enhanced, 'channel': channel, 'victim': victim, 'officer': officer,
      'correlation': correlation, 'causation': causation, 'data': data, 'origin': origin, 'position': position
    },
    (origin, position)
  ) as event
from gathered_seen
where said not in (select said from snapshot_contents where mapping = getvariable('mapping'))
group by said;

create or replace temp table kept_of_run as
with stated as (
  select distinct id, revision, is_change, said from gathered_seen
  union all
  select distinct id, revision, null, null from gathered_stated anti join gathered_seen using (id, revision)
)
select getvariable('mapping')::varchar as mapping, s.*
from stated s
where not exists (
  select 1
  from snapshot_rows r
  where r.mapping = getvariable('mapping') and r.revision = s.revision and r.id = s.id and r.said is not distinct from s.said
)
order by revision, id;
insert into snapshot_rows by name from kept_of_run;

insert into snapshot_faults
select getvariable('mapping'), null, revision from gathered_unsure
except
from snapshot_faults;

-- an event of which one snapshot says two things says nothing of a change
insert into snapshot_faults
select r.mapping, r.id, r.revision
from snapshot_rows r
semi join kept_of_run using (id, revision)
join snapshot_contents c using (mapping, said)
where r.mapping = getvariable('mapping') and r.is_change
group by all
having count(distinct c.content) > 1
except
from snapshot_faults;
