-- One row per event of the cases to derive, in the order of the case.
-- reads: events, cases_to_derive
select
  e.case_key, e.event_key, e.source, e.event_id, e.type, e.agency, e.unit, e.area,
  e.occurred_at, e.occurred_precision,
  e.decision, e.reason, e.reference, e.answers, e.about, e.holder, e.due_at, e.effect_at, e.channel,
  row_number() over in_order as position,
  coalesce(last_value(e.enhanced ignore nulls) over (in_order rows between unbounded preceding and current row), false)
    as enhanced
from events e
semi join cases_to_derive using (case_key)
where not e.in_conflict
window in_order as (
  partition by e.case_key
  order by e.occurred_at, e.recorded_at nulls last, e.sequence nulls last, e.event_key
)
