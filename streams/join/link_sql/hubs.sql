-- Hubs among the reopened identifiers: rows of `hub_changes` are identifiers that became a hub or ceased to be one.
-- reads: joins, edges, reopened, mentioned, identifiers, identifier_kinds, crowds, unsettled_identifiers
create or replace temp table near as
select j.* from joins j semi join (select identifier_key as left_key from reopened) using (left_key)
union
select j.* from joins j semi join (select identifier_key as right_key from reopened) using (right_key);

create or replace temp table hub_changes as
with neighbours as (
  select r.identifier_key, e.right_key as neighbour
  from reopened r join edges e on e.left_key = r.identifier_key
  union all
  select r.identifier_key, e.left_key
  from reopened r join edges e on e.right_key = r.identifier_key
),
-- of what kind neighbours are matters only where all together are more than allowed of one kind
surrounded as (
  select n.identifier_key
  from neighbours n
  join mentioned i using (identifier_key)
  join identifier_kinds k using (kind)
  group by n.identifier_key
  having count(*) > any_value(k.hub_limit)
),
counted as (
  select n.identifier_key, max(n.neighbours) as neighbours
  from (
    select n.identifier_key, i.kind, count(*) as neighbours
    from neighbours n
    semi join surrounded using (identifier_key)
    join identifiers i on i.identifier_key = n.neighbour
    group by n.identifier_key, i.kind
  ) n
  group by n.identifier_key
),
judged as (
  select
    i.identifier_key, i.is_hub as was_hub,
    coalesce(n.neighbours > k.hub_limit, false) or coalesce(c.events > k.hub_events, false)
    -- one stays a hub until something of it is withdrawn or unlinked
    or (i.is_hub and i.identifier_key not in (select identifier_key from unsettled_identifiers)) as is_hub
  from reopened r
  join mentioned i using (identifier_key)
  join identifier_kinds k using (kind)
  left join counted n using (identifier_key)
  left join crowds c using (identifier_key)
)
select identifier_key, is_hub from judged where is_hub <> was_hub;
