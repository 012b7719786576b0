-- One row per case: what everything counted in it can be cut by. Columns of `cases` that the domain declares follow the area.
select
  case_id,
  {facets}
  area
from cases
order by case_id
