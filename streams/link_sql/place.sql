-- One row per event to place, with the case of its identifiers.
-- reads: to_place, identifiers, identifier_kinds
create or replace temp table placed as
with led as (
  select p.event_key, p.old_key, i.case_key, k.ordinal, i.value
  from (select event_key, old_key, unnest(identifier_keys) as identifier_key from to_place) p
  join identifiers i using (identifier_key)
  join identifier_kinds k using (kind)
  where not i.is_hub
),
agreed as (
  select event_key, min(case_key) as least_key, max(case_key) as greatest_key
  from led
  group by event_key
),
disputed as (
  -- an unlinking left the identifiers of one event in several cases: the first in order counts
  select l.event_key, arg_min(l.case_key, (l.ordinal, l.value)) as case_key
  from led l
  semi join (select event_key from agreed where least_key <> greatest_key) using (event_key)
  group by l.event_key
)
select p.event_key, p.old_key, coalesce(d.case_key, a.least_key, p.event_key) as case_key
from to_place p
left join agreed a using (event_key)
left join disputed d using (event_key);

insert into unsettled_cases
select old_key from placed where old_key is not null and old_key <> case_key
union
select case_key from placed;

update events e
set case_key = p.case_key
from placed p
where e.event_key = p.event_key and not e.in_conflict and e.case_key is distinct from p.case_key;
