-- Which case does an identifier lead to?
-- One row per case that an identifier leads to; several only where the value is written in several areas.
-- $identifier text = crime_ref:20/000123/26: as kind:value, in its normal form
select case_id, state, holder_agency, awaiting_agency, opened_at, identifiers
from cases
where list_contains(identifiers, $identifier);
