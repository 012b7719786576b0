-- One row per type and decision that occurs in the cases, with what the catalogue says of it.
-- reads: case_records, event_types, effects
select
  row_number() over ()::integer as rule,
  t.type,
  t.decision,
  y.contact,
  coalesce(y.is_decision, false) as is_decision,
  f.effect,
  f.target,
  f.kind
from (select distinct type, decision from case_records) t
left join event_types y using (type)
-- the first effect of the type whose `when` matches counts
left join effects f on f.type = t.type and (f.when_decision is null or f.when_decision = t.decision)
qualify row_number() over (partition by t.type, t.decision order by f.ordinal) = 1
