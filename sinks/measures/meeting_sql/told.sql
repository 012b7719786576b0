-- One row per decision that was made after $since and by `as_of`, and whether the victim was told of it by then.
select
  case_id,
  if(class = 'not_told', 'not_told', 'told') as outcome,
  agency,
  unit,
  type as decided,
  decision,
  decided_at,
  told_at,
  class
from tellings
where decided_at > $since::timestamp
