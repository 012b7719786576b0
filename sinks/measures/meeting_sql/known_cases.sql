-- One row per case that had begun by `as_of`: when, and what it can be counted by.
select
  c.case_id,
  c.opened_at as began_at,
  {facets}
  c.area
from cases c
cross join as_at a
where c.opened_at <= a.as_of
