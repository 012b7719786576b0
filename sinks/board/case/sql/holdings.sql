-- One row per holding of the case, in order.
select position, agency, unit, from_at, from_precision, to_at, to_precision, seconds
from holdings
where case_id = $case_id
order by position
