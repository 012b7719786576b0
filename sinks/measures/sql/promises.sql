-- One row per contact that was promised to the victim.
select
  case_id,
  occurred_at as counted_at,
  agency,
  unit,
  state as outcome
from contacts
where kind = 'promised'
