-- One row per case that is open at `as_of`, as the measure `waiting` has it; one between two agencies with the one that sent it.
with last_handoff as (
  select case_id, from_agency from handoffs
  qualify row_number() over (partition by case_id order by position desc) = 1
)
select
  w.case_id,
  w.outcome as state,
  w.agency,
  w.unit,
  if(w.outcome = 'limbo', h.from_agency, null) as from_agency,
  w.counted_at as since,
  w.seconds
from (
{waiting}
) w
left join last_handoff h using (case_id)
