-- One row per interval in which two agencies say different things of who has the case.
select left_agency, right_agency, left_claim, right_claim, kind, from_at, to_at, seconds
from contradictions
where case_id = $case_id
order by from_at, left_agency, right_agency
