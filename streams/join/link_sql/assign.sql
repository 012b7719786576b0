-- Write the components: rows of `moved` are identifiers whose case changed, rows of `to_place` events to be given a case.
-- reads: components (identifier_key, case_key), members, before, new_identifiers, unsettled_identifiers, linking,
-- identifiers, events
create or replace temp table moved as
select m.identifier_key, m.case_key as old_key, c.case_key as new_key
from members m
join components c using (identifier_key)
where m.case_key <> c.case_key;

-- taken out and put in again, as are events: a row that changed its key in place would stand among others' for good
create or replace temp table moved_identifiers as
select i.* replace (m.new_key as case_key)
from identifiers i
join moved m on i.case_key = m.old_key and i.identifier_key = m.identifier_key;

delete from identifiers i
using moved m
where i.case_key = m.old_key and i.identifier_key = m.identifier_key;

insert into identifiers from moved_identifiers;

create or replace temp table left_cases as
select distinct case_key
from (select old_key as case_key from moved union all select case_key from before)
-- that of an identifier that is new has no events yet, unless one was withdrawn that carried it
where case_key not in (select identifier_key from new_identifiers)
  or (select count(*) > 0 from unsettled_identifiers);

create or replace temp table to_place as
select event_key, identifier_keys, null::ubigint as old_key from linking
union all
select e.event_key, e.identifier_keys, e.case_key
from events e
semi join left_cases using (case_key)
anti join linking using (event_key);
