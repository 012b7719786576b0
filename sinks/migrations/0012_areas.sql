-- An event is known by its area, source and id: what a partition of a log cannot see, no other store may judge. Keys of events
-- are made again; all that is derived is, too, when the store is next opened with its domain.

create temp table new_keys as
select distinct
  event_key as old_key, area, md5_number_lower(area || chr(31) || source || chr(31) || event_id) as new_key, origin, position
from events;

-- a row that says where it was read goes with the event from there; another with that of the first area
create temp table key_of_row as
select old_key, origin, position, min(new_key) as new_key from new_keys group by all;

create temp table key_of_event as
select old_key, arg_min(new_key, area) as new_key from new_keys group by old_key;

create temp table statements_before as from statements;
delete from statements;
-- of one id in several areas each keeps them all: what it was not said of, nothing finds
insert into statements by name
select k.new_key as event_key, s.* exclude (event_key)
from statements_before s
join (select distinct old_key, new_key from new_keys) k on k.old_key = s.event_key;
drop table statements_before;

update restated r
set event_key = k.new_key
from key_of_row k
where k.old_key = r.event_key and k.origin = r.origin and k.position = r.position;

update comparisons c set event_key = k.new_key from key_of_event k where k.old_key = c.event_key;

update duplicates d set event_key = k.new_key from key_of_event k where k.old_key = d.event_key;

-- judged again with all else, under the ids that they had
delete from quarantined where reason = 'conflict' and event_key in (select old_key from new_keys);

update events set event_key = md5_number_lower(area || chr(31) || source || chr(31) || event_id);

drop table key_of_event;
drop table key_of_row;
drop table new_keys;

insert into store_meta select 'derive', 'again' where exists (from events);

comment on table events is 'One row per distinct event (area, source, id, content) that was admitted; what is in conflict, superseded or taken back stands here too and is left out of everything derived.';
comment on column events.event_key is 'Lower 64 bits of the MD5 of area, U+001F, source, U+001F and id.';
comment on column events.event_id is 'The publisher''s id of it (CloudEvents id); unique within its source and area.';
comment on column dated_events.event_key is 'Lower 64 bits of the MD5 of area, U+001F, source, U+001F and id.';
comment on column dated_events.event_id is 'The publisher''s id of it (CloudEvents id); unique within its source and area.';
comment on table duplicates is 'One row per further copy of an event: same area, source, id and content, read from elsewhere.';

drop view link_acts;
create view link_acts as
with acts as (
  select
    event_key, source, event_id, type, area, officer, occurred_at,
    data->>'$.left_kind' as left_kind, data->>'$.left_value' as left_value,
    data->>'$.right_kind' as right_kind, data->>'$.right_value' as right_value,
    data->>'$.reason_code' as reason_code,
    md5_number_lower(concat(area, chr(31), data->>'$.proposal_source', chr(31), data->>'$.proposal_id')) as proposal_key,
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
