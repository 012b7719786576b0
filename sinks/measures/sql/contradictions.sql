-- One row per interval in which two agencies say different things of who holds the case.
select
  case_id,
  from_at as counted_at,
  left_agency as agency,
  null::varchar as unit,
  seconds,
  to_at is not null as ended,
  left_agency || ' and ' || right_agency as pair,
  kind as disagreement
from contradictions
