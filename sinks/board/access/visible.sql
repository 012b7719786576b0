-- One row per case in which one of the agencies takes part, or that is given by its id or as kind:value.
-- $agencies varchar[]: agencies; $given varchar[]: case ids and identifiers
select case_key from events where case_key is not null and agency in (select unnest($agencies::varchar[]))
union
select case_key from holding_facts where agency in (select unnest($agencies::varchar[]))
union
select case_key from handoff_facts where from_agency in (select unnest($agencies::varchar[]))
union
select case_key from handoff_facts where to_agency in (select unnest($agencies::varchar[]))
union
select case_key
from case_facts
where 'c' || lpad(lower(to_hex(case_key)), 16, '0') in (select unnest($given::varchar[]))
union
-- the id that a case had before it joined another is the key of one of its identifiers
select case_key
from identifiers
where not is_hub and (
  kind || ':' || value in (select unnest($given::varchar[]))
  or 'c' || lpad(lower(to_hex(identifier_key)), 16, '0') in (select unnest($given::varchar[]))
)
