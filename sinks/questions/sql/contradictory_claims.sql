-- Where do agencies contradict one another?
-- One row per interval in which two agencies say different things of who holds the case; the longest first.
-- $rows integer = 50: rows at most
select
  case_id, left_agency, left_claim, right_agency, right_claim, kind, from_at, to_at,
  round(seconds / 86400, 1) as days
from contradictions
order by seconds desc
limit $rows;
