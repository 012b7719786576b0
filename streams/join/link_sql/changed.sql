-- What changes: rows of `new_pairs` and `new_identifiers` are new to the store, `reopened` names identifiers to link again.
-- Rows of `mentioned` are identifiers that the store has and that events, stewards or withdrawals name here: later steps read
-- them and not all identifiers, of which a batch names few.
-- reads: carried, paired, joins, identifiers, unsettled_identifiers, steward_links
create or replace temp table mentioned as
select identifier_key, kind, case_key, is_hub
from identifiers
semi join (
  select identifier_key from carried
  union all from unsettled_identifiers
  union all select unnest([left_key, right_key]) from steward_links
) using (identifier_key);

create or replace temp table new_pairs as
select p.* from paired p anti join joins j using (left_key, right_key);

create or replace temp table new_identifiers as
select c.* exclude (events) from carried c anti join mentioned using (identifier_key);

insert into joins from new_pairs;
insert into identifiers
select identifier_key, area, kind, value, identifier_key as case_key, false as is_hub from new_identifiers;
insert into mentioned select identifier_key, kind, identifier_key, false from new_identifiers;

create or replace temp table reopened as
select distinct identifier_key
from (
  select left_key as identifier_key from new_pairs
  union all select right_key from new_pairs
  union all select identifier_key from unsettled_identifiers
  union all
  -- a steward may have decided on an identifier before any event carried it
  select unnest([left_key, right_key])
  from steward_links
  where left_key in (select identifier_key from new_identifiers)
    or right_key in (select identifier_key from new_identifiers)
)
semi join mentioned using (identifier_key);
