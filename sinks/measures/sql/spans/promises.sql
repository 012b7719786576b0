-- One row per contact that was promised to the victim, and span of `as_of` in which it is counted alike.
with promised as (
  select case_key, occurred_at as counted_at, agency, unit, answered_at, due_at, due_at + interval 1 microsecond as over_at
  from contact_facts
  where kind = 'promised'
),
spans as (
  select *, counted_at as from_at, least(answered_at, over_at) as until_at, 'open' as outcome
  from promised
  union all
  select *, greatest(counted_at, over_at), answered_at, 'broken'
  from promised
  where over_at is not null
  union all
  select *, greatest(counted_at, answered_at), null, if(due_at is null or answered_at <= due_at, 'kept', 'late')
  from promised
  where answered_at is not null
)
select case_key, from_at, until_at, counted_at, agency, unit, outcome
from spans
where coalesce(from_at < until_at, true)
