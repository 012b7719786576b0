-- One row per handoff from one agency to another and span of `as_of` in which it is counted alike.
with handed as (
  select case_key, sent_at, from_agency, from_unit, to_agency, kind, received_at, ended_at, limbo_seconds
  from handoff_facts
  where from_agency <> to_agency and sent_at is not null
),
spans as (
  select *, sent_at as from_at, least(received_at, ended_at) as until_at, true as grows, null::double as seconds, false as ended
  from handed
  union all
  -- closed, and not received by then
  select
    *, greatest(sent_at, ended_at), received_at, false, greatest((epoch_us(ended_at) - epoch_us(sent_at)) / 1e6, 0), false
  from handed
  where ended_at is not null
  union all
  select *, greatest(sent_at, received_at), null, false, limbo_seconds, true
  from handed
  where received_at is not null
)
select
  case_key, from_at, until_at, grows,
  sent_at as counted_at,
  from_agency as agency,
  from_unit as unit,
  seconds,
  ended,
  from_agency,
  to_agency,
  kind as handoff
from spans
where coalesce(from_at < until_at, true)
