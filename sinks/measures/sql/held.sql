-- One row per holding: an unbroken time in which one agency and unit held the case.
select
  case_id,
  from_at as counted_at,
  agency,
  unit,
  seconds,
  to_at is not null as ended
from holdings
where from_at is not null
