-- One row per rule and role that its events have for a live standard.
-- reads: rules, live_standards, standard_events
select distinct
  r.rule, x.role, s.live, s.match, s.once, s.due_field,
  -- no need to ask for the local date of what lies years outside
  s.effective_from - interval 40 day as not_before,
  s.effective_to + interval 3 day as not_after
from rules r
join standard_events x on x.type = r.type and (x.when_decision is null or x.when_decision = r.decision)
join live_standards s on s.standard = x.standard and s.version = x.version
