-- What each snapshot of a system said, for the ones that come later to be compared with; numbers of retractions; headers.

alter table statements add column sequence varchar;
comment on column statements.sequence is 'Of a retraction: the publisher''s own number of it. Of other content it is a part.';

alter table quarantined add column headers varchar;
comment on column quarantined.headers is 'Of a record of a topic: its headers that say what it is, as a JSON list of names and texts; null where the bytes are not those of the record.';

update statements s
set sequence = e.sequence
from events e
where e.event_key = s.event_key and e.retracts and s.content_hash = md5('retracts');

create table snapshot_contents (
  mapping varchar not null,
  said varchar not null,
  content varchar not null,
  event struct(
    source varchar, id varchar, type varchar, version smallint, area varchar, agency varchar, unit varchar,
    occurred_at timestamp, occurred_precision varchar, recorded_at timestamp, sequence varchar,
    identifiers struct(kind varchar, value varchar)[], decision varchar, reason varchar, reference varchar,
    answers varchar, about varchar, holder varchar, due_at timestamp, effect_at timestamp, enhanced boolean,
    channel varchar, victim varchar, officer varchar, correlation varchar, causation varchar, data varchar,
    origin varchar, position bigint
  ) not null
);
comment on table snapshot_contents is 'One row per thing that rows of snapshots said: the event that a row gives, whole, once for all snapshots that say it.';
comment on column snapshot_contents.mapping is 'Hash of what the mapping means that read it.';
comment on column snapshot_contents.said is 'Hash of all that the row said.';
comment on column snapshot_contents.content is 'Hash of what must differ for a change.';
comment on column snapshot_contents.event is 'The event, and where it was read first.';

create table snapshot_rows (
  mapping varchar not null,
  id varchar not null,
  revision varchar not null,
  is_change boolean,
  said varchar
);
comment on table snapshot_rows is 'One row per event that a snapshot has, and what it said of it; kept to compare other snapshots with.';
comment on column snapshot_rows.mapping is 'Hash of what the mapping means that read it.';
comment on column snapshot_rows.id is 'Id of the event within its source.';
comment on column snapshot_rows.revision is 'When the snapshot was taken, as a revision.';
comment on column snapshot_rows.is_change is 'Whether it counts only where it says something else than in the snapshot before.';
comment on column snapshot_rows.said is 'Hash of what was said, in snapshot_contents; null for an event that was refused or left out.';

create table snapshot_faults (
  mapping varchar not null,
  id varchar,
  revision varchar
);
comment on table snapshot_faults is 'One row per snapshot with a row that cannot be read, and per event of which a snapshot says two things.';
comment on column snapshot_faults.mapping is 'Hash of what the mapping means that read it.';
comment on column snapshot_faults.id is 'The event; null where the snapshot may have any.';
comment on column snapshot_faults.revision is 'The snapshot; null where it may be any.';

create table comparisons (
  mapping varchar not null,
  at_revision varchar not null,
  event_key ubigint not null,
  content_hash varchar not null,
  revision varchar not null,
  retracts boolean not null,
  origin varchar not null,
  position bigint not null
);
comment on table comparisons is 'One row per event of what changed, or has vanished, between two snapshots; gone when a snapshot between them says otherwise.';
comment on column comparisons.mapping is 'Hash of what the mapping means that read the snapshots.';
comment on column comparisons.at_revision is 'The later of the two snapshots.';
comment on column comparisons.event_key is 'The event, or that which is taken back.';
comment on column comparisons.content_hash is 'Its content.';
comment on column comparisons.revision is 'The revision at which it is stated.';
comment on column comparisons.retracts is 'Whether it takes the event back.';
comment on column comparisons.origin is 'File that it is said to come from.';
comment on column comparisons.position is 'Row there.';
