-- One row per event and role that it has for a standard that is switched on.
-- reads: case_events, case_records, rules, standards, standard_events
with roles as (
  select r.rule, x.standard, x.version, x.role
  from rules r
  join standard_events x on x.type = r.type and (x.when_decision is null or x.when_decision = r.decision)
  join standards s on s.standard = x.standard and s.version = x.version and s.enabled
)
select
  x.standard, x.version, x.role,
  e.case_key, e.event_key, e.position, e.occurred_at, e.occurred_precision, e.enhanced,
  d.event_id, d.reference, d.answers, d.about, d.due_at
from case_events e
join roles x using (rule)
join case_records d using (event_key)
