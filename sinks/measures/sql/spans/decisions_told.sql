-- One row per decision that the victim is to be told of, and span of `as_of` in which it is counted alike.
with decided as (
  select t.case_key, e.occurred_at as counted_at, e.agency, e.unit, e.type as decided, t.told_at, t.class
  from telling_facts t
  join events e on e.event_key = t.event_key and e.case_key = t.case_key
),
spans as (
  select *, counted_at as from_at, told_at as until_at, if(told_at is null, class, 'not_told') as outcome
  from decided
  union all
  select *, greatest(counted_at, told_at), null, class
  from decided
  where told_at is not null
)
select case_key, from_at, until_at, counted_at, agency, unit, outcome, decided
from spans
where coalesce(from_at < until_at, true)
