-- One row per month, scope (feed, agency, all), name and dimension: how many of the checks made of it held, of 100.
-- reads: attributed, dimensions
with judged as (
  -- a check of a feed holds if it does for every field, type or area of the feed; any other for its subject
  select
    month, check_name, dimension, coalesce(source, subject) as judged, source, agency, bool_and(passed) as held
  from attributed
  group by all
),
scoped as (
  select month, 'feed' as scope, source as name, agency, dimension, check_name, judged, held from judged where source is not null
  union all
  select month, 'agency', agency, agency, dimension, check_name, judged, held from judged where agency is not null
  union all
  select distinct month, 'all', 'all feeds', null, dimension, check_name, judged, held from judged
),
counted as (
  select month, scope, name, dimension, count(*) as made, count(*) filter (held) as held from scoped group by all
),
grid as (
  select m.*, d.dimension, d.place
  from (select distinct month, scope, name, agency from scoped) m
  cross join dimensions d
)
select
  month, scope, name, agency, dimension, coalesce(made, 0) as made, coalesce(held, 0) as held,
  -- nothing made is nothing known, and no full mark; half a point up
  case when made > 0 then round(100.0 * held / made)::integer end as score
from grid
left join counted using (month, scope, name, dimension)
order by month, scope, name, agency, place
