-- One row per decision that the victim is to be told of.
select
  t.case_id,
  t.decided_at as counted_at,
  t.agency,
  e.unit,
  t.class as outcome,
  t.type as decided
from tellings t
left join timeline e on e.case_id = t.case_id and e.position = t.position
