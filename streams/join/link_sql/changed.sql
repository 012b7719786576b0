-- What changes: rows of `new_pairs` and `new_identifiers` are new to the store, `reopened` names identifiers to link again.
-- reads: carried, paired, joins, identifiers, unsettled_identifiers, steward_links
create or replace temp table new_pairs as
select p.* from paired p anti join joins j using (left_key, right_key);

create or replace temp table new_identifiers as
select c.* exclude (events) from carried c anti join identifiers i using (identifier_key);

insert into joins from new_pairs;
insert into identifiers
select identifier_key, area, kind, value, identifier_key as case_key, false as is_hub from new_identifiers;

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
semi join identifiers using (identifier_key);
