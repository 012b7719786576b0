-- One row per case, facet and span of `as_of` in which the same value was stated of it last.
with stated as (
  select case_key, unnest(facets) as said, generate_subscripts(facets, 1) as place from case_facts
),
spans as (
  select
    case_key, said.facet as facet, said.value as value, said.stated_at as from_at,
    min(said.stated_at) over (
      partition by case_key, said.facet order by place rows between 1 following and unbounded following
    ) as until_at
  from stated
  where said.stated_at is not null
)
select case_key, facet, value, from_at, until_at
from spans
where coalesce(from_at < until_at, true)
