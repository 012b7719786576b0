-- One row per area and kind of identifier: how many of its values occur in so many cases that they join none.
-- reads: identifiers
select
  concat_ws(' ', area, kind) as subject, null::date as period, count(*) as n, count(*) filter (is_hub) as k, k as value
from identifiers
group by all
