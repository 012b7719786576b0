-- One row per event that a store of what was known at $known_at needs, of the cases that anything touched since: is_touched
-- where it is in one of them, or was; the others carry identifiers of theirs, and so say how these are linked.
-- reads: events, restated, statements, identifiers, agencies
with recursive changed(event_key) as (
  (
    select event_key from events where received_at > $known_at::timestamp
    union
    select event_key from restated where received_at > $known_at::timestamp
    union
    select event_key from statements where received_at > $known_at::timestamp
  )
  union
  -- what a steward decided of a conflict, which may itself have been one
  select event_key_of(e.area, e.data->>'$.conflict_source', e.data->>'$.conflict_id')
  from events e
  join changed using (event_key)
  where e.type = 'steward.conflict.resolved'
),
contents as (
  select e.* from events e semi join changed using (event_key)
),
-- identifiers of which the links may be others now
relinked as (
  select unnest(identifier_keys) as identifier_key from contents
  union
  select unnest([
    identifier_key_of(area, data->>'$.left_kind', data->>'$.left_value'),
    identifier_key_of(area, data->>'$.right_kind', data->>'$.right_value')
  ])
  from contents
  where agency in (select agency from agencies where role = 'steward') and (data->>'$.left_kind') is not null
),
carried as (
  select event_key, case_key, unnest(identifier_keys) as identifier_key from events
),
touched_cases as (
  select case_key from contents where case_key is not null
  union
  select i.case_key from identifiers i semi join relinked using (identifier_key)
  union
  -- where it is a hub, all that carry it may have been one case
  select c.case_key
  from carried c
  semi join relinked using (identifier_key)
  where c.case_key is not null
),
touched as (
  select event_key from changed
  union
  select e.event_key from events e semi join touched_cases using (case_key)
),
around as (
  select c.identifier_key from carried c semi join touched using (event_key)
  union
  select i.identifier_key from identifiers i semi join touched_cases using (case_key)
)
select event_key, bool_or(is_touched) as is_touched
from (
  select event_key, true as is_touched from touched
  union all
  select c.event_key, false from carried c semi join around using (identifier_key)
)
group by event_key
