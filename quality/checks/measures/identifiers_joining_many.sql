-- One row per area and kind of identifier: how many of its values are joined to more than five of one kind, and are no hub.
-- reads: identifiers, joins
with met as (
  select left_key as identifier_key, right_key as neighbour from joins
  union all
  select right_key, left_key from joins
),
counted as (
  select m.identifier_key
  from met m
  join identifiers i on i.identifier_key = m.neighbour
  group by m.identifier_key, i.kind
  having count(*) > 5
)
select
  concat_ws(' ', i.area, i.kind) as subject, null::date as period, count(*) as n,
  count(*) filter (not i.is_hub and i.identifier_key in (from counted)) as k, k as value
from identifiers i
group by all
