-- One row per handoff of the case, in order.
select
  position, from_agency, from_unit, to_agency, to_unit, sent_at, sent_precision, received_at, received_precision, kind, reason, ended_at,
  limbo_least_seconds, limbo_most_seconds, held_seconds, waiting_seconds
from handoffs
where case_id = $case_id
order by position
