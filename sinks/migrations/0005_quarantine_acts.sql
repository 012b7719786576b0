-- What stewards decided on records in quarantine: derived from their events, as links and resolutions are.

create table quarantine_acts (
  quarantine_id ubigint not null,
  discarded boolean not null,
  reason_code varchar,
  assignee_role varchar,
  assignee varchar
);
comment on table quarantine_acts is 'One row per id in quarantine that a steward acted on: what the latest acts say, whether or not the record is here.';
comment on column quarantine_acts.quarantine_id is 'The record.';
comment on column quarantine_acts.discarded is 'Whether the latest of the acts that discard and restore it discards it.';
comment on column quarantine_acts.reason_code is 'Why it is discarded; null for one that is not.';
comment on column quarantine_acts.assignee_role is 'Role of whoever is to see to it; null for nobody.';
comment on column quarantine_acts.assignee is 'Keyed pseudonym of whoever is to see to it, where one person is named.';

create view quarantine_states as
select
  q.quarantine_id, q.reason, q.source, q.origin, q.position, q.received_at,
  coalesce(a.discarded, false) as discarded,
  a.reason_code,
  a.assignee_role,
  a.assignee,
  a.assignee_role || coalesce(' ' || a.assignee, '') as assigned_to
from quarantined q
left join quarantine_acts a using (quarantine_id);
comment on view quarantine_states is 'One row per record in quarantine, with what stewards decided on it and without its content.';
comment on column quarantine_states.quarantine_id is 'The record.';
comment on column quarantine_states.reason is 'Code of the reason.';
comment on column quarantine_states.source is 'Its source, where readable.';
comment on column quarantine_states.origin is 'File or topic-partition that it was read from.';
comment on column quarantine_states.position is 'Line, row or offset there.';
comment on column quarantine_states.received_at is 'When it was read (UTC).';
comment on column quarantine_states.discarded is 'Whether a steward discarded it, and did not restore it since.';
comment on column quarantine_states.reason_code is 'Why it is discarded; null for one that is not.';
comment on column quarantine_states.assignee_role is 'Role of whoever is to see to it; null for nobody.';
comment on column quarantine_states.assignee is 'Keyed pseudonym of whoever is to see to it, where one person is named.';
comment on column quarantine_states.assigned_to is 'Both of these in one text.';
