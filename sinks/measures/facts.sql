-- One row per thing that a measure counts, with what it can be cut by. The SQL of the measure stands
-- in the middle; columns of `cases` that the domain declares come before the month.
select
  f.*,
  c.area,
  {facets}
  strftime(timezone(d.time_zone, timezone('UTC', f.counted_at)), '%Y-%m') as month
from (
{facts}
) f
join cases c using (case_id)
cross join domain d
