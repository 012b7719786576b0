-- One row per handoff from one agency to another.
select
  case_id,
  sent_at as counted_at,
  from_agency as agency,
  from_unit as unit,
  coalesce(limbo_seconds, waiting_seconds) as seconds,
  received_at is not null as ended,
  from_agency,
  to_agency,
  kind as handoff
from handoffs
where from_agency <> to_agency and sent_at is not null
