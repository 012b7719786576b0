-- One row per interval in which two agencies say different things of who holds the case, and span of `as_of` in which it is
-- counted alike.
with said as (
  select
    case_key, from_at as counted_at, to_at,
    left_agency || ' and ' || right_agency as pair,
    kind as disagreement
  from contradiction_facts
),
spans as (
  select
    *, counted_at as from_at, to_at as until_at, counted_at is not null as grows, null::double as seconds, false as ended
  from said
  union all
  select *, greatest(counted_at, to_at), null, false, (epoch_us(to_at) - epoch_us(counted_at)) / 1e6, true
  from said
  where to_at is not null
)
select
  case_key, from_at, until_at, grows, counted_at, null::varchar as agency, null::varchar as unit, seconds, ended, pair,
  disagreement
from spans
where coalesce(from_at < until_at, true)
