-- One row per pair that stands together, of the pairs in `near`: in an event and not unlinked, or linked by a steward. Of these,
-- `ties` are those that join.
-- reads: near (the rows of joins in question), steward_links, identifiers, held_joins
create or replace temp view edges as
select left_key, right_key
from near
anti join (select left_key, right_key from steward_links where not linked) using (left_key, right_key)
union all
select s.left_key, s.right_key
from steward_links s
semi join (select identifier_key as left_key from identifiers) using (left_key)
semi join (select identifier_key as right_key from identifiers) using (right_key)
where s.linked and (s.left_key, s.right_key) not in (from near);

create or replace temp view ties as
from edges
anti join (
  from held_joins anti join (select left_key, right_key from steward_links where linked) using (left_key, right_key)
) using (left_key, right_key);
