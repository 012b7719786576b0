-- One row per event and role that it has for a standard.
-- reads: case_events, standard_events
select
  x.standard, x.version, x.role,
  e.case_key, e.position, e.event_id, e.occurred_at, e.occurred_precision,
  e.reference, e.answers, e.about, e.due_at, e.enhanced
from case_events e
join standard_events x on x.type = e.type and (x.when_decision is null or x.when_decision = e.decision)
join standards s on s.standard = x.standard and s.version = x.version and s.enabled
