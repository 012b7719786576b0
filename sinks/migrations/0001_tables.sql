-- The tables of the store. What agencies published is kept in `events` and `quarantine`; all else is derived from
-- those two and can be dropped and rebuilt. No table has an index or a key: uniqueness is the single writer's duty.

create table events (
  event_key ubigint not null,
  case_key ubigint,
  source varchar not null,
  event_id varchar not null,
  type varchar not null,
  version smallint not null,
  area varchar not null,
  agency varchar not null,
  unit varchar,
  occurred_at timestamp not null,
  occurred_precision varchar not null,
  recorded_at timestamp,
  received_at timestamp not null,
  sequence varchar,
  identifiers struct(kind varchar, value varchar)[] not null,
  identifier_keys ubigint[] not null,
  decision varchar,
  reason varchar,
  reference varchar,
  answers varchar,
  about varchar,
  holder varchar,
  due_at timestamp,
  effect_at timestamp,
  enhanced boolean,
  channel varchar,
  victim varchar,
  officer varchar,
  correlation varchar,
  causation varchar,
  data varchar not null,
  in_conflict boolean not null,
  origin varchar not null,
  position bigint not null
);
comment on table events is 'One row per distinct event (source, id, content) that was admitted; copies in conflict stand here too and are left out of everything derived.';
comment on column events.event_key is 'Lower 64 bits of the MD5 of source, U+001F and id.';
comment on column events.case_key is 'The case it belongs to; null while it waits to be linked, for stewards'' acts, and while it is in conflict.';
comment on column events.source is 'The system that published it (CloudEvents source).';
comment on column events.event_id is 'The publisher''s id of it (CloudEvents id); unique within its source.';
comment on column events.type is 'Catalogue name, for example police.crime.recorded.';
comment on column events.version is 'Version of the catalogue entry that it was written with.';
comment on column events.area is 'Area that it belongs to (police force code); identifiers never link across areas.';
comment on column events.agency is 'Agency that says it happened.';
comment on column events.unit is 'Unit of that agency, if stated.';
comment on column events.occurred_at is 'When it happened: UTC for an instant, the label of the day or month otherwise.';
comment on column events.occurred_precision is 'instant, day or month.';
comment on column events.recorded_at is 'When the agency wrote it down (UTC), says the first copy; `restated` may know better.';
comment on column events.received_at is 'When the first copy was accepted (UTC).';
comment on column events.sequence is 'The publisher''s own order of its events, compared as text.';
comment on column events.identifiers is 'Identifiers that it carries, normalised.';
comment on column events.identifier_keys is 'Keys of those of its identifiers that may link.';
comment on column events.decision is 'What was decided, if it decides something (a value of the catalogue).';
comment on column events.reason is 'Reasons, sorted and joined by "; ".';
comment on column events.reference is 'Id of the thing that it opens: a promise, a request, an item of an action plan.';
comment on column events.answers is 'The reference that it answers.';
comment on column events.about is 'Id of the event that the victim is told of.';
comment on column events.holder is 'The agency that the publisher says holds the case.';
comment on column events.due_at is 'When its answer is due, set for this case (UTC).';
comment on column events.effect_at is 'When a decision takes effect (UTC).';
comment on column events.enhanced is 'Whether the victim has enhanced rights, if it says so.';
comment on column events.channel is 'How a communication was made.';
comment on column events.victim is 'Keyed pseudonym of the victim.';
comment on column events.officer is 'Keyed pseudonym of the officer or worker.';
comment on column events.correlation is 'Correlation id.';
comment on column events.causation is 'Id of the event that caused it.';
comment on column events.data is 'Its other fields, as canonical JSON.';
comment on column events.in_conflict is 'Another copy of the same source and id has other content, and no steward has decided.';
comment on column events.origin is 'File or topic-partition that the first copy was read from.';
comment on column events.position is 'Line, row or offset of the first copy there.';

create table duplicates (
  event_key ubigint not null,
  origin varchar not null,
  position bigint not null,
  received_at timestamp not null
);
comment on table duplicates is 'One row per further copy of an event: same source, id and content, read from elsewhere.';
comment on column duplicates.event_key is 'The event that it is a copy of.';
comment on column duplicates.origin is 'File or topic-partition that the copy was read from.';
comment on column duplicates.position is 'Line, row or offset of the copy there.';
comment on column duplicates.received_at is 'When the copy was read (UTC).';

create table restated (
  event_key ubigint not null,
  origin varchar not null,
  position bigint not null,
  recorded_at timestamp,
  received_at timestamp not null
);
comment on table restated is 'One row per further copy of an event that states an earlier time than the first copy: the earliest counts.';
comment on column restated.event_key is 'The event.';
comment on column restated.origin is 'Where its first copy was read from.';
comment on column restated.position is 'Line, row or offset of its first copy there.';
comment on column restated.recorded_at is 'When the agency wrote it down, says this copy (UTC).';
comment on column restated.received_at is 'When this copy was read (UTC).';

create table quarantined (
  quarantine_id ubigint not null,
  reason varchar not null,
  field varchar,
  detail varchar not null,
  source varchar,
  event_id varchar,
  type varchar,
  event_key ubigint,
  content_hash varchar,
  origin varchar not null,
  position bigint not null,
  received_at timestamp not null,
  raw blob
);
comment on table quarantined is 'One row per record that could not be accepted, whole, with its reason; a conflict has a row for each copy.';
comment on column quarantined.quarantine_id is 'Derived from the reason and the bytes: the same bad record read again is the same row.';
comment on column quarantined.reason is 'Code of the reason.';
comment on column quarantined.field is 'Dotted path of the field at fault.';
comment on column quarantined.detail is 'What was expected, in a sentence without the record''s content.';
comment on column quarantined.source is 'Its source, where readable.';
comment on column quarantined.event_id is 'Its id, where readable.';
comment on column quarantined.type is 'Its type, where readable.';
comment on column quarantined.event_key is 'Key of the event, for a conflict.';
comment on column quarantined.content_hash is 'Content hash of this copy, for a conflict: what a steward names to let it stand.';
comment on column quarantined.origin is 'File or topic-partition that it was read from.';
comment on column quarantined.position is 'Line, row or offset there.';
comment on column quarantined.received_at is 'When it was read (UTC).';
comment on column quarantined.raw is 'The whole record as it was read; null for a conflict, whose copies stand in events.';

create view dated_events as
select
  e.* replace (least(e.recorded_at, r.recorded_at) as recorded_at, least(e.received_at, r.received_at) as received_at)
from events e
left join (
  select event_key, origin, position, min(recorded_at) as recorded_at, min(received_at) as received_at
  from restated
  group by all
) r using (event_key, origin, position);
comment on view dated_events is 'One row per event, with the earliest times that any copy of it states.';

create table unsettled (event_key ubigint not null, from_row bigint not null);
comment on table unsettled is 'One row per event whose case has still to be linked and derived; empty between batches.';
comment on column unsettled.event_key is 'The event.';
comment on column unsettled.from_row is 'No row of it in `events` has a lesser row id: events are only ever appended, so that new ones need not be searched for.';

create table unsettled_cases (case_key ubigint not null);
comment on table unsettled_cases is 'One row per case to derive again although no new event names it: one of its events changed or was withdrawn.';
comment on column unsettled_cases.case_key is 'The case.';

create table unsettled_identifiers (identifier_key ubigint not null);
comment on table unsettled_identifiers is 'One row per identifier to link again although no new event carries it.';
comment on column unsettled_identifiers.identifier_key is 'The identifier.';

create table identifiers (
  identifier_key ubigint not null,
  area varchar not null,
  kind varchar not null,
  value varchar not null,
  case_key ubigint not null,
  is_hub boolean not null
);
comment on table identifiers is 'One row per identifier that links, with the case that it leads to.';
comment on column identifiers.identifier_key is 'Lower 64 bits of the MD5 of area, kind and value.';
comment on column identifiers.area is 'Area that it is unique in.';
comment on column identifiers.kind is 'Kind of identifier.';
comment on column identifiers.value is 'Normalised value.';
comment on column identifiers.case_key is 'Case that it leads to; its own key for a hub.';
comment on column identifiers.is_hub is 'Joined to more others than its kind allows: it links nothing.';

create table joins (
  left_key ubigint not null,
  right_key ubigint not null
);
comment on table joins is 'One row per pair of identifiers that some accepted event carries both of; the lesser key stands left.';
comment on column joins.left_key is 'The lesser identifier key.';
comment on column joins.right_key is 'The greater identifier key.';

create table resolutions (
  event_key ubigint not null,
  content_hash varchar not null
);
comment on table resolutions is 'One row per event in conflict that a steward decided on: the content that stands; the latest decision.';
comment on column resolutions.event_key is 'The event.';
comment on column resolutions.content_hash is 'Content hash of the copy that stands.';

create table steward_links (
  left_key ubigint not null,
  right_key ubigint not null,
  linked boolean not null
);
comment on table steward_links is 'One row per pair of identifiers that a steward decided on; the latest decision.';
comment on column steward_links.left_key is 'The lesser identifier key.';
comment on column steward_links.right_key is 'The greater identifier key.';
comment on column steward_links.linked is 'True: one case; false: that both stand in one event joins nothing.';

create table case_facts (
  case_key ubigint not null,
  area varchar not null,
  identifiers varchar[] not null,
  opened_at timestamp not null,
  closed_at timestamp,
  state varchar not null,
  holder_agency varchar,
  holder_unit varchar,
  awaiting_agency varchar,
  holder_since timestamp,
  events integer not null,
  handoffs integer not null,
  last_at timestamp not null
);
comment on table case_facts is 'One row per case: a connected component of identifiers, or one event without any.';

create table holding_facts (
  case_key ubigint not null,
  position integer not null,
  agency varchar not null,
  unit varchar,
  from_at timestamp not null,
  from_precision varchar not null,
  to_at timestamp,
  to_precision varchar,
  from_date date not null,
  to_date date
);
comment on table holding_facts is 'One row per holding: an unbroken interval in which one agency and unit held the case.';

create table handoff_facts (
  case_key ubigint not null,
  position integer not null,
  from_agency varchar not null,
  from_unit varchar,
  to_agency varchar not null,
  to_unit varchar,
  sent_at timestamp not null,
  sent_precision varchar not null,
  received_at timestamp,
  received_precision varchar,
  kind varchar not null,
  reason varchar,
  limbo_seconds double,
  limbo_least_seconds double,
  limbo_most_seconds double,
  held_seconds double,
  ended_at timestamp,
  sent_event ubigint not null,
  received_event ubigint
);
comment on table handoff_facts is 'One row per change of holder, acknowledged or not.';

create table clock_facts (
  case_key ubigint not null,
  standard varchar not null,
  version varchar not null,
  start_event ubigint not null,
  started_at timestamp not null,
  started_precision varchar not null,
  start_earliest timestamp not null,
  start_latest timestamp not null,
  start_first date not null,
  start_last date not null,
  stop_event ubigint,
  stopped_at timestamp,
  stop_earliest timestamp,
  stop_latest timestamp,
  stop_first date,
  stop_last date,
  cancelled boolean not null,
  amount double,
  unit varchar not null,
  due_at timestamp,
  due_latest timestamp,
  paused double not null,
  paused_since timestamp,
  pause_earliest timestamp,
  pause_latest timestamp,
  pause_first date,
  pause_last date
);
comment on table clock_facts is 'One row per clock: one standard running for one start event; what does not depend on the day it is asked.';

create table contact_facts (
  case_key ubigint not null,
  position integer not null,
  kind varchar not null,
  agency varchar not null,
  unit varchar,
  occurred_at timestamp not null,
  occurred_precision varchar not null,
  channel varchar,
  reference varchar,
  due_at timestamp,
  answered_at timestamp,
  answered_by ubigint,
  event_key ubigint not null
);
comment on table contact_facts is 'One row per communication with the victim: promised, requested, agreed, attempted, made or told.';

create table telling_facts (
  case_key ubigint not null,
  event_key ubigint not null,
  position integer not null,
  told_at timestamp,
  told_precision varchar,
  told_by varchar,
  channel varchar,
  lag_seconds double,
  class varchar not null,
  told_event ubigint
);
comment on table telling_facts is 'One row per decision that the victim is to be told of, and the telling.';

create table claim_facts (
  case_key ubigint not null,
  agency varchar not null,
  position integer not null,
  claimed_holder varchar not null,
  from_at timestamp not null,
  to_at timestamp,
  event_key ubigint not null
);
comment on table claim_facts is 'One row per interval in which an agency says the same of who holds the case.';

create table contradiction_facts (
  case_key ubigint not null,
  left_agency varchar not null,
  right_agency varchar not null,
  left_claim varchar not null,
  right_claim varchar not null,
  kind varchar not null,
  from_at timestamp not null,
  to_at timestamp
);
comment on table contradiction_facts is 'One row per interval in which two agencies say different things of who holds the case.';

create table domain (name varchar not null, title varchar not null, type_prefix varchar not null, time_zone varchar not null);
comment on table domain is 'One row: the domain that the store is of.';

create table event_types (
  type varchar not null, version smallint not null, agency varchar, brief varchar not null, summary varchar not null,
  contact varchar, is_decision boolean not null
);
comment on table event_types is 'One row per type of the catalogue.';

create table effects (
  type varchar not null, ordinal integer not null, when_decision varchar, effect varchar not null, target varchar,
  kind varchar not null
);
comment on table effects is 'One row per effect of a type on who holds the case, and decision value that it applies to.';

create table standards (
  standard varchar not null, version varchar not null, title varchar not null, owner varchar not null,
  match varchar not null, once boolean not null, amount double, unit varchar, enhanced_amount double,
  enhanced_unit varchar, due_field boolean not null, effective_from date, effective_to date,
  confirmed boolean not null, enabled boolean not null, local boolean not null, source varchar not null
);
comment on table standards is 'One row per version of a standard.';

create table standard_events (
  standard varchar not null, version varchar not null, role varchar not null, type varchar not null,
  when_decision varchar
);
comment on table standard_events is 'One row per type (and decision value) that starts, stops, cancels, pauses or resumes a standard.';

create table identifier_kinds (kind varchar not null, ordinal integer not null, links boolean not null, hub_limit integer not null);
comment on table identifier_kinds is 'One row per kind of identifier, in order of priority.';

create table agencies (agency varchar not null, name varchar not null, role varchar not null);
comment on table agencies is 'One row per agency of the domain.';

create table calendar (day date not null, starts_at timestamp not null, working_day boolean not null, working_days integer not null);
comment on table calendar is 'One row per local day, with the instant (UTC) at which it begins.';
