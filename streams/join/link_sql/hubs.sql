-- Hubs among the reopened identifiers: rows of `hub_changes` are identifiers that became a hub or ceased to be one.
-- reads: joins, edges, reopened, identifiers, identifier_kinds, crowds, unsettled_identifiers
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
counted as (
  select n.identifier_key, max(n.neighbours) as neighbours
  from (
    select n.identifier_key, i.kind, count(*) as neighbours
    from neighbours n join identifiers i on i.identifier_key = n.neighbour
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
  join identifiers i using (identifier_key)
  join identifier_kinds k using (kind)
  left join counted n using (identifier_key)
  left join crowds c using (identifier_key)
)
select identifier_key, is_hub from judged where is_hub <> was_hub;

-- the neighbours of one that changed are linked again too
insert into reopened
select distinct neighbour
from (
  select e.right_key as neighbour from hub_changes h join edges e on e.left_key = h.identifier_key
  union all
  select e.left_key from hub_changes h join edges e on e.right_key = h.identifier_key
)
anti join (select identifier_key as neighbour from reopened) using (neighbour);

-- what is no hub any more stood by itself until now
update identifiers i
set is_hub = h.is_hub, case_key = i.identifier_key
from hub_changes h
where i.identifier_key = h.identifier_key;
