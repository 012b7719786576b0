-- One row per case that an identifier leads to; write the identifier as kind:value, in its normal form.
select case_id, state, holder_agency, awaiting_agency, opened_at, identifiers
from cases
where list_contains(identifiers, 'crime_ref:20/000123/26');
