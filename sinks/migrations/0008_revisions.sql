-- What a source said of an event at several revisions: which statement stands, and those that it stands in place of.

drop view link_acts;
drop view dated_events;

alter table events add column retracts boolean;
alter table events add column revised boolean;
alter table events rename column in_conflict to standing;
alter table events alter column standing set data type varchar using if(standing, 'conflict', 'stands');
comment on column events.case_key is 'The case it belongs to; null while it waits to be linked, for stewards'' acts, and where it does not stand.';
comment on column events.retracts is 'True where the source takes the event back, else null.';
comment on column events.revised is 'True where the source said otherwise at a lower revision, else null.';
comment on column events.sequence is 'The publisher''s own order of its events: whole numbers as numbers, then text.';
comment on column events.standing is 'stands; superseded: a higher revision has other content; retraction: it takes the event back, and nothing of the event stands; conflict: the highest revision has several contents, and this one does not stand.';

create table statements (
  event_key ubigint not null,
  content_hash varchar not null,
  revision varchar not null,
  recorded_at timestamp,
  received_at timestamp not null
);
comment on table statements is 'One row per revision at which a source stated a content of an event; none where it stated no revision.';
comment on column statements.event_key is 'The event.';
comment on column statements.content_hash is 'The content, as stewards name it.';
comment on column statements.revision is 'Orders what the source says of one id, in the one form of a revision.';
comment on column statements.recorded_at is 'When the agency wrote that down (UTC), if it is stated.';
comment on column statements.received_at is 'When it was first received (UTC).';

-- a file may be edited and read again: then two contents of an event stand in one place
alter table restated add column first_received_at timestamp;
update restated r
set first_received_at = e.received_at
from events e
where e.event_key = r.event_key and e.origin = r.origin and e.position = r.position;
comment on column restated.first_received_at is 'When that first copy was received (UTC).';

-- what two copies of an event must agree in; shown to stewards as the name of a copy. To take an event back is all that
-- a retraction says
create macro content_hash_of(e) as md5(if(e.retracts, 'retracts', concat_ws(chr(31),
  e.type, e.version::varchar, e.area, e.agency, coalesce(e.unit, chr(30)),
  e.occurred_at::varchar, e.occurred_precision, coalesce(e.sequence, chr(30)), list_sort(e.identifiers)::varchar,
  coalesce(e.decision, chr(30)), coalesce(e.reason, chr(30)), coalesce(e.reference, chr(30)),
  coalesce(e.answers, chr(30)), coalesce(e.about, chr(30)), coalesce(e.holder, chr(30)),
  coalesce(e.due_at::varchar, chr(30)), coalesce(e.effect_at::varchar, chr(30)),
  coalesce(e.enhanced::varchar, chr(30)), coalesce(e.channel, chr(30)), coalesce(e.victim, chr(30)),
  coalesce(e.officer, chr(30)), coalesce(e.correlation, chr(30)), coalesce(e.causation, chr(30)), e.data)));

-- whole numbers of a publisher order as numbers, and before what is none
create macro sequence_number(sequence) as
  case when regexp_full_match(sequence, '[0-9]{1,38}') then sequence::hugeint end;
-- a time as a person reads it: what is known to the day, the month, or some of them, is shown as such, never as a midnight
create macro shown_time(moment, prec) as case
  when moment is null or prec is null then null
  when prec = 'instant' then strftime(moment, '%Y-%m-%d %H:%M')
  when prec = 'day' then strftime(moment, '%Y-%m-%d')
  when prec = 'month' then strftime(moment, '%Y-%m')
  else concat_ws(' to ',
    left(strftime(moment, '%Y-%m-%d'), if(contains(prec, 'day'), 10, 7)),
    left(strftime(moment + try_cast(prec as interval) - interval 1 day, '%Y-%m-%d'), if(contains(prec, 'day'), 10, 7)))
end;

create view dated_events as
select
  e.* replace (least(e.recorded_at, r.recorded_at) as recorded_at, least(e.received_at, r.received_at) as received_at)
from events e
left join (
  select
    event_key, origin, position, first_received_at, min(recorded_at) as recorded_at, min(received_at) as received_at
  from restated
  group by all
) r
  on r.event_key = e.event_key and r.origin = e.origin and r.position = e.position
  and r.first_received_at = e.received_at;
comment on view dated_events is 'One row per event, with the earliest times that any copy of it states.';
-- events at one time that their publisher numbers without leading zeros stand in another order from now on
insert into unsettled_cases
select distinct case_key
from (
  select case_key
  from dated_events
  where case_key is not null and sequence is not null
  group by case_key, occurred_at, recorded_at
  having count(distinct sequence) > 1 and bool_or(sequence_number(sequence) is not null)
);

comment on column dated_events.event_key is 'Lower 64 bits of the MD5 of source, U+001F and id.';
comment on column dated_events.case_key is 'The case it belongs to; null while it waits to be linked, for stewards'' acts, and where it does not stand.';
comment on column dated_events.source is 'The system that published it (CloudEvents source).';
comment on column dated_events.event_id is 'The publisher''s id of it (CloudEvents id); unique within its source.';
comment on column dated_events.type is 'Catalogue name, for example police.crime.recorded.';
comment on column dated_events.version is 'Version of the catalogue entry that it was written with.';
comment on column dated_events.area is 'Area that it belongs to (police force code); identifiers never link across areas.';
comment on column dated_events.agency is 'Agency that says it happened.';
comment on column dated_events.unit is 'Unit of that agency, if stated.';
comment on column dated_events.occurred_at is 'When it happened: UTC for an instant, the label of the day or month otherwise.';
comment on column dated_events.occurred_precision is 'instant, day, month, or so many days or months.';
comment on column dated_events.recorded_at is 'The earliest time that any copy states at which the agency wrote it down (UTC).';
comment on column dated_events.received_at is 'The earliest time at which a copy was accepted (UTC).';
comment on column dated_events.sequence is 'The publisher''s own order of its events: whole numbers as numbers, then text.';
comment on column dated_events.identifiers is 'Identifiers that it carries, normalised.';
comment on column dated_events.identifier_keys is 'Keys of those of its identifiers that may link.';
comment on column dated_events.decision is 'What was decided, if it decides something (a value of the catalogue).';
comment on column dated_events.reason is 'Reasons, sorted and joined by "; ".';
comment on column dated_events.reference is 'Id of the thing that it opens: a promise, a request, an item of an action plan.';
comment on column dated_events.answers is 'The reference that it answers.';
comment on column dated_events.about is 'Id of the event that the victim is told of.';
comment on column dated_events.holder is 'The agency that the publisher says holds the case.';
comment on column dated_events.due_at is 'When its answer is due, set for this case (UTC).';
comment on column dated_events.effect_at is 'When a decision takes effect (UTC).';
comment on column dated_events.enhanced is 'Whether the victim has enhanced rights, if it says so.';
comment on column dated_events.channel is 'How a communication was made.';
comment on column dated_events.victim is 'Keyed pseudonym of the victim.';
comment on column dated_events.officer is 'Keyed pseudonym of the officer or worker.';
comment on column dated_events.correlation is 'Correlation id.';
comment on column dated_events.causation is 'Id of the event that caused it.';
comment on column dated_events.data is 'Its other fields, as canonical JSON.';
comment on column dated_events.origin is 'File or topic-partition that the first copy was read from.';
comment on column dated_events.position is 'Line, row or offset of the first copy there.';
comment on column dated_events.retracts is 'True where the source takes the event back, else null.';
comment on column dated_events.revised is 'True where the source said otherwise at a lower revision, else null.';
comment on column dated_events.standing is 'stands, superseded, retraction or conflict.';

create view link_acts as
with acts as (
  select
    event_key, source, event_id, type, area, officer, occurred_at,
    data->>'$.left_kind' as left_kind, data->>'$.left_value' as left_value,
    data->>'$.right_kind' as right_kind, data->>'$.right_value' as right_value,
    data->>'$.reason_code' as reason_code,
    md5_number_lower(concat(data->>'$.proposal_source', chr(31), data->>'$.proposal_id')) as proposal_key,
    md5_number_lower(area || chr(31) || left_kind || chr(31) || left_value) as one_key,
    md5_number_lower(area || chr(31) || right_kind || chr(31) || right_value) as other_key,
    least(one_key, other_key) as left_key, greatest(one_key, other_key) as right_key,
    -- in one form only: the same person, written in two ways, would be two
    case when regexp_full_match(lower(officer), '[a-z]+-[0-9a-f]{8,64}') then lower(officer) end as person,
    row_number() over (
      order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
    ) as act
  from dated_events
  where type in (
      'steward.identifiers.linked', 'steward.identifiers.seconded', 'steward.identifiers.withdrawn',
      'steward.identifiers.unlinked'
    )
    and standing = 'stands'
),
secondings as (
  -- by another person, later than what is seconded; the first of them
  select p.event_key, arg_min(s.officer, s.act) as seconded_by, arg_min(s.occurred_at, s.act) as seconded_at
  from acts p
  join acts s
    on s.type = 'steward.identifiers.seconded' and s.proposal_key = p.event_key
    and s.left_key = p.left_key and s.right_key = p.right_key and s.act > p.act and s.person <> p.person
  where p.type = 'steward.identifiers.linked'
  group by p.event_key
),
withdrawals as (
  select distinct proposal_key as event_key, left_key, right_key from acts where type = 'steward.identifiers.withdrawn'
),
decisions as (
  select
    a.*, s.seconded_by, s.seconded_at, a.type = 'steward.identifiers.linked' as links,
    links and w.event_key is not null as withdrawn,
    not links or (not withdrawn and (s.event_key is not null or not (select bool_or(second_person) from domain))) as counts
  from acts a
  left join secondings s using (event_key)
  left join withdrawals w using (event_key, left_key, right_key)
  where a.type in ('steward.identifiers.linked', 'steward.identifiers.unlinked') and a.left_key <> a.right_key
),
placed as (
  select *, max(act) filter (counts) over (partition by left_key, right_key) as latest from decisions
)
select
  act, event_key, source, event_id, area, left_kind, left_value, right_kind, right_value, left_key, right_key, links,
  case
    when withdrawn then 'withdrawn'
    when act = latest then 'in force'
    when act < latest then 'overtaken'
    else 'waiting'
  end as state,
  reason_code, occurred_at as acted_at, officer as acted_by, person is not null as names_a_person,
  seconded_at, seconded_by
from placed;
comment on view link_acts is 'One row per act of a steward that links or unlinks a pair of identifiers: whether it counts, and who seconded it.';
comment on column link_acts.act is 'Its place among stewards'' acts on pairs, in the order of the rules: a greater one is later.';
comment on column link_acts.event_key is 'The act.';
comment on column link_acts.source is 'Source of the act.';
comment on column link_acts.event_id is 'Its id there.';
comment on column link_acts.area is 'Area of both identifiers.';
comment on column link_acts.left_kind is 'Kind of the one identifier.';
comment on column link_acts.left_value is 'Its value, as the act has it.';
comment on column link_acts.right_kind is 'Kind of the other identifier.';
comment on column link_acts.right_value is 'Its value, as the act has it.';
comment on column link_acts.left_key is 'The lesser identifier key of the pair.';
comment on column link_acts.right_key is 'The greater identifier key of the pair.';
comment on column link_acts.links is 'Whether it links the pair; else it unlinks it.';
comment on column link_acts.state is 'in force: the latest act on its pair that counts; waiting: a link that another person has still to second; overtaken: a later act on the pair counts; withdrawn: taken back by a steward.';
comment on column link_acts.reason_code is 'Why, in a word of the catalogue.';
comment on column link_acts.acted_at is 'When the steward acted (UTC, or the label of a day).';
comment on column link_acts.acted_by is 'Keyed pseudonym of that steward, if it is said.';
comment on column link_acts.names_a_person is 'Whether that is a keyed pseudonym: otherwise nobody is another person, who could second it.';
comment on column link_acts.seconded_at is 'When another steward seconded the link (UTC, or the label of a day); null for none.';
comment on column link_acts.seconded_by is 'Keyed pseudonym of that steward.';
