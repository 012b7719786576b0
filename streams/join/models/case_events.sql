-- One row per event of the cases to derive, with its place in the order of the case.
-- reads: case_records, rules
select
  e.case_key,
  e.event_key,
  r.rule,
  e.agency,
  e.unit,
  e.occurred_at,
  e.occurred_precision,
  (row_number() over in_order)::integer as position,
  coalesce(last_value(e.enhanced ignore nulls) over (in_order rows between unbounded preceding and current row), false)
    as enhanced
from case_records e
join rules r on r.type = e.type and r.decision is not distinct from e.decision
window in_order as (
  partition by e.case_key
  order by
    e.occurred_at, e.recorded_at nulls last, sequence_number(e.sequence) nulls last, e.sequence nulls last, e.event_key
)
