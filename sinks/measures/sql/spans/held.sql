-- One row per holding and span of `as_of` in which it is counted alike.
with held as (
  select h.case_key, h.agency, h.unit, h.from_at as counted_at, h.to_at
  from holding_facts h
  -- as the view: of days that the calendar has
  join calendar a on a.day = h.from_date
  where h.from_at is not null and coalesce(h.to_date >= (select min(day) from calendar), true)
),
spans as (
  select *, counted_at as from_at, to_at as until_at, true as grows, null::double as seconds, false as ended
  from held
  union all
  select *, greatest(counted_at, to_at), null, false, (epoch_us(to_at) - epoch_us(counted_at)) / 1e6, true
  from held
  where to_at is not null
)
select case_key, from_at, until_at, grows, counted_at, agency, unit, seconds, ended
from spans
where coalesce(from_at < until_at, true)
