-- One row per case that a number leads to.
-- $key ubigint: that of a case id, of now or of before a merge; null where the name is none
-- $values texts: the number in each form that it may be kept in
-- $kind text, $of_kind text: its kind and its form of that kind, where it was given with one; else empty
with wanted as (
  select unnest($values::varchar[]) as value
)
select distinct 'c' || lpad(lower(to_hex(f.case_key)), 16, '0') as case_id
from (
  select $key::ubigint as case_key
  union all
  select case_key from identifiers where not is_hub and identifier_key = $key::ubigint
  union all
  select case_key from identifiers where not is_hub and value in (from wanted)
  union all
  select case_key from identifiers where not is_hub and kind = $kind and value = $of_kind
) i
join case_facts f using (case_key)
order by case_id
limit 200
