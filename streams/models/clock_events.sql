-- One row per event and role that it has for a live standard.
-- reads: case_events, case_records, rules, live_standards, standard_events
with roles as (
  select r.rule, s.live, x.role, s.match
  from rules r
  join standard_events x on x.type = r.type and (x.when_decision is null or x.when_decision = r.decision)
  join live_standards s on s.standard = x.standard and s.version = x.version
)
select
  x.live, x.role,
  e.case_key, e.event_key, e.position, e.occurred_at, e.occurred_precision, e.enhanced,
  -- what a start and its stop are matched by: the event that is told of, or the reference that is answered
  case
    when x.match = 'about' and x.role = 'start' then d.event_id
    when x.match = 'about' then d.about
    when x.match = 'reference' and x.role = 'start' then d.reference
    when x.match = 'reference' then coalesce(d.answers, d.reference)
  end as matched_by,
  d.due_at
from case_events e
join roles x using (rule)
join (select event_key, event_id, about, reference, answers, due_at from case_records) d using (event_key)
