-- The part of the graph that may change: rows of `members` are its identifiers, rows of `member_edges` its pairs.
-- reads: reopened, mentioned, identifiers, joins, ties, before
create or replace temp table members as
select i.identifier_key, i.case_key
from identifiers i
semi join before using (case_key)
where not i.is_hub
union
select i.identifier_key, i.case_key
from mentioned i
semi join reopened using (identifier_key)
where not i.is_hub;

create or replace temp table near as
select j.* from joins j semi join (select identifier_key as left_key from members) using (left_key);

create or replace temp table member_edges as
select e.left_key, e.right_key
from ties e
semi join (select identifier_key as left_key from members) using (left_key)
semi join (select identifier_key as right_key from members) using (right_key);
