-- One row per decision that the victim is to be told of.
select
  case_id,
  decided_at as counted_at,
  agency,
  unit,
  class as outcome,
  type as decided
from tellings
