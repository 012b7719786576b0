-- One row: the case.
select
  case_id, area, identifiers, opened_at, closed_at, state, holder_agency, holder_unit, awaiting_agency, holder_since, events, handoffs
from cases
where case_id = $case_id
