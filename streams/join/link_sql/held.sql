-- Which pairs join nothing, since only events say so that carry several of a kind: `held_joins`, as far as it may have changed.
-- Every pair of such an event is asked again, of all events that carry one of the two.
-- What joins otherwise than before is linked again: further rows of `reopened`, `mentioned` and `before`.
-- reads: plural_events, touched, hub_changes, events, agencies, identifiers, identifier_kinds, steward_links, held_joins
create or replace temp table in_doubt as
with doubted as (select distinct event_key from plural_events semi join touched using (identifier_key))
select distinct l.identifier_key as left_key, r.identifier_key as right_key
from plural_events l
join plural_events r on r.event_key = l.event_key and r.identifier_key > l.identifier_key
where l.event_key in (select event_key from doubted)
  -- a hub joins nothing anyway
  and l.identifier_key in (select identifier_key from identifiers where not is_hub)
  and r.identifier_key in (select identifier_key from identifiers where not is_hub);

create or replace temp table doubtful as
select left_key as identifier_key from in_doubt union select right_key from in_doubt;

-- where the events stand that carry one: in its case, or in that of another that was unlinked from it
create or replace temp table doubtful_cases as
select distinct case_key
from identifiers
semi join (
  from doubtful
  union select right_key from steward_links where not linked and left_key in (from doubtful)
  union select left_key from steward_links where not linked and right_key in (from doubtful)
) using (identifier_key);

-- what was a hub until now led to none
set variable anywhere = (select count(*) > 0 from hub_changes where not is_hub);
set variable doubtful = (select coalesce(list(identifier_key), []) from doubtful);

create or replace temp table bearing as
select event_key, area, identifiers, identifier_keys
from events
where standing = 'stands'
  and agency not in (select agency from agencies where role = 'steward')
  and (
    getvariable('anywhere') or case_key is null or case_key in (from doubtful_cases)
    or event_key in (select event_key from plural_events)
  )
  and list_has_any(identifier_keys, getvariable('doubtful'));

-- what each carries, and its place among those of its kind that are no hubs
create or replace temp table borne as
select
  event_key, i.identifier_key, i.kind,
  row_number() over (partition by event_key, i.kind order by i.value) as place
from (select event_key, unnest(identifier_keys) as identifier_key from bearing) b
join identifiers i using (identifier_key)
where not i.is_hub;

create or replace temp table borne_out as
-- beside one value of a kind that bears out, each in an event that has not the other
with witnesses as (
  select event_key, identifier_keys, identifier
  from (select event_key, identifier_keys, unnest(identifiers) as identifier from bearing)
  where identifier.kind in (select kind from identifier_kinds where bears_out)
    and not regexp_full_match(identifier.value, getvariable('joins_nothing'))
)
select distinct d.left_key, d.right_key
from in_doubt d
join identifiers one on one.identifier_key = d.left_key
join identifiers other on other.identifier_key = d.right_key and other.kind = one.kind
join borne l on l.identifier_key = d.left_key
join witnesses w on w.event_key = l.event_key and not list_contains(w.identifier_keys, d.right_key)
join borne r on r.identifier_key = d.right_key
join witnesses v
  on v.event_key = r.event_key and not list_contains(v.identifier_keys, d.left_key) and v.identifier = w.identifier;

create or replace temp table held_now as
select d.left_key, d.right_key
from in_doubt d
anti join (
  select l.identifier_key as left_key, r.identifier_key as right_key
  from borne l
  join borne r using (event_key)
  where l.place <= getvariable('joins_alone') and r.place <= getvariable('joins_alone')
) using (left_key, right_key)
anti join borne_out using (left_key, right_key);

create or replace temp table held_before as
select left_key, right_key
from held_joins
where left_key in (from touched) or right_key in (from touched)
  or (left_key, right_key) in (select (left_key, right_key) from in_doubt);

create or replace temp table held_otherwise as
(from held_before except from held_now) union all (from held_now except from held_before);

delete from held_joins where (left_key, right_key) in (select (left_key, right_key) from held_before);
insert into held_joins from held_now;

insert into reopened
select distinct identifier_key
from (select unnest([left_key, right_key]) as identifier_key from held_otherwise)
semi join identifiers using (identifier_key)
anti join reopened using (identifier_key);

insert into mentioned
select identifier_key, kind, case_key, is_hub
from identifiers
semi join reopened using (identifier_key)
anti join mentioned using (identifier_key);

insert into before
select distinct m.case_key from mentioned m semi join reopened using (identifier_key) anti join before using (case_key);
