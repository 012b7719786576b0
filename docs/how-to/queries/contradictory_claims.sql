-- One row per interval in which two agencies say different things of who holds the case; the longest first.
select
  case_id, left_agency, left_claim, right_agency, right_claim, kind, from_at, to_at,
  round(seconds / 86400, 1) as days
from contradictions
order by seconds desc
limit 50;
