-- What follows where identifiers turned into hubs, or back: further rows of `reopened`, `touched`,
-- `mentioned` and `before`.
-- reads: hub_changes, edges, reopened, mentioned, identifiers, before

-- the neighbours of one that changed are linked again too
insert into reopened
select distinct neighbour
from (
  select e.right_key as neighbour from hub_changes h join edges e on e.left_key = h.identifier_key
  union all
  select e.left_key from hub_changes h join edges e on e.right_key = h.identifier_key
)
anti join (select identifier_key as neighbour from reopened) using (neighbour);

insert into touched select identifier_key from hub_changes anti join touched using (identifier_key);

-- what is no hub any more stood by itself until now
update identifiers i
set is_hub = h.is_hub, case_key = i.identifier_key
from hub_changes h
where i.identifier_key = h.identifier_key;

create or replace temp table mentioned as
select identifier_key, kind, case_key, is_hub
from identifiers
semi join (select identifier_key from mentioned union all select identifier_key from reopened) using (identifier_key);

insert into before
select distinct m.case_key from mentioned m semi join reopened using (identifier_key) anti join before using (case_key);
