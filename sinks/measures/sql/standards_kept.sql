-- One row per time limit that ran in a case: one clock.
select
  case_id,
  started_at as counted_at,
  owner as agency,
  null::varchar as unit,
  state as outcome,
  standard,
  if(confirmed, 'confirmed', 'unconfirmed') as source
from clocks
where due_at is not null and state not in ('measured', 'cancelled')
