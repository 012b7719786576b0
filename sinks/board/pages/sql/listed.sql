-- One row per case that fits the filters, as of getvariable('as_of'), the one that has waited longest first.
-- $state text, $agency text, $area text: empty for any; $newest boolean: the newest first
-- $skip integer, $rows integer: which part of the list
select
  case_id, area, identifiers, state, holder_agency, holder_unit, awaiting_agency, holder_since, opened_at, closed_at, events, handoffs
from visible_cases
where ($state = '' or state = $state)
  and ($area = '' or area = $area)
  and ($agency = '' or coalesce(holder_agency, awaiting_agency) = $agency)
order by
  case when $newest then opened_at end desc,
  state = 'closed', holder_since nulls last, opened_at, case_id
limit $rows offset $skip
