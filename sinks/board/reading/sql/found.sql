-- One row per case that an identifier leads to, or that has or had this id.
-- $names texts: the identifier in each of the forms that it may have, as value, as kind:value, or as a case id
select distinct 'c' || lpad(lower(to_hex(case_key)), 16, '0') as case_id
from (
  select case_key from case_facts where list_contains($names::varchar[], 'c' || lpad(lower(to_hex(case_key)), 16, '0'))
  union all
  select case_key
  from identifiers
  where not is_hub
    and (list_contains($names::varchar[], 'c' || lpad(lower(to_hex(identifier_key)), 16, '0'))
      or list_contains($names::varchar[], kind || ':' || value) or list_contains($names::varchar[], value))
)
where case_key in (select case_key from case_facts)
order by case_id
limit 200
