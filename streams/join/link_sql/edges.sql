-- One row per pair that joins: carried together and not unlinked, or linked by a steward; of the pairs in `near`.
-- reads: near (the rows of joins in question), steward_links, identifiers
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
