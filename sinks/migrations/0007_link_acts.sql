-- Stewards' acts on pairs of identifiers, whether a link takes two of them, and kinds that stand once in a case.

alter table domain add column second_person boolean default false;
comment on column domain.second_person is 'Whether a link counts only once another steward than its author has seconded it.';

alter table identifier_kinds add column once boolean default false;
comment on column identifier_kinds.once is 'Whether two of the kind in one case contradict one another.';

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
    row_number() over (order by occurred_at, recorded_at nulls last, sequence nulls last, event_key) as act
  from dated_events
  where type in (
      'steward.identifiers.linked', 'steward.identifiers.seconded', 'steward.identifiers.withdrawn',
      'steward.identifiers.unlinked'
    )
    and not in_conflict
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
