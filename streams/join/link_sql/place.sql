-- One row per event to place, with the case of its identifiers.
-- reads: to_place, components, mentioned, identifiers, identifier_kinds, steward_links, held_joins, events
create or replace temp table placed as
with torn as (
  -- all identifiers of an event are of one case, unless there are hubs, unlinked ones or held ones among them
  select identifier_key from identifiers where is_hub
  union
  select unnest([left_key, right_key]) from steward_links where not linked
  union
  select unnest([left_key, right_key]) from held_joins
),
torn_events as (
  select distinct event_key
  from (select event_key, unnest(identifier_keys) as identifier_key from to_place)
  semi join torn using (identifier_key)
),
chosen as (
  -- an unlinking left the identifiers of one event in several cases: the first in order counts
  select p.event_key, arg_min(i.case_key, (k.ordinal, i.value)) as case_key
  from (
    select event_key, unnest(identifier_keys) as identifier_key from to_place semi join torn_events using (event_key)
  ) p
  join identifiers i using (identifier_key)
  join identifier_kinds k using (kind)
  where not i.is_hub
  group by p.event_key
),
-- the identifiers of an event that is not torn were mentioned, or are of a case that was linked again
led as (
  from components
  union all
  select identifier_key, case_key from mentioned anti join components using (identifier_key)
)
select p.event_key, p.old_key, coalesce(i.case_key, p.event_key) as case_key
from (from to_place anti join torn_events using (event_key)) p
left join led i on i.identifier_key = p.identifier_keys[1]
union all
select p.event_key, p.old_key, coalesce(c.case_key, p.event_key)
from (from to_place semi join torn_events using (event_key)) p
left join chosen c using (event_key);

insert into unsettled_cases
select old_key from placed where old_key <> case_key
union
select case_key from placed;

update events e
set case_key = p.case_key
from placed p
where (e.case_key is null or getvariable('anew')) and e.event_key = p.event_key and e.standing = 'stands'
  and p.old_key is null and e.case_key is distinct from p.case_key;

-- events of a case that was linked again are taken out of it and put in again
create or replace temp table moved_events as
select e.* replace (p.case_key as case_key)
from events e
join placed p on e.case_key = p.old_key and e.event_key = p.event_key
where e.standing = 'stands' and p.case_key <> p.old_key;

delete from events e
using placed p
where e.case_key = p.old_key and e.event_key = p.event_key and e.standing = 'stands' and p.case_key <> p.old_key;

insert into events by name from moved_events;
