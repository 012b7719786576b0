-- One row per interval in which two agencies say different things of who holds the case. It is of both, so of no one agency.
select
  case_id,
  from_at as counted_at,
  null::varchar as agency,
  null::varchar as unit,
  seconds,
  to_at is not null as ended,
  left_agency || ' and ' || right_agency as pair,
  kind as disagreement
from contradictions
