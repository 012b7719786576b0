-- One row per case and span of `as_of` in which the same agency holds it, or it lies between the same two.
with held as (
  select
    h.case_key, h.agency, h.unit, h.from_at, h.to_at,
    coalesce(h.from_at, '-infinity'::timestamp) as begins_at,
    -- the last one that has begun counts, by its place in the case
    min(coalesce(h.from_at, '-infinity'::timestamp)) over later as next_at
  from holding_facts h
  -- as the view: of days that the calendar has
  join calendar a on a.day = h.from_date
  where coalesce(h.to_date >= (select min(day) from calendar), true)
  window later as (partition by h.case_key order by h.position rows between 1 following and unbounded following)
),
handed as (
  select
    case_key, kind, to_agency, sent_at, received_at, ended_at,
    coalesce(sent_at, '-infinity'::timestamp) as begins_at,
    min(coalesce(sent_at, '-infinity'::timestamp)) over later as next_at
  from handoff_facts
  window later as (partition by case_key order by position rows between 1 following and unbounded following)
),
last_held as (
  select * from held where coalesce(begins_at < next_at, true)
),
last_handed as (
  select * from handed where coalesce(begins_at < next_at, true)
),
edges as (
  select case_key, begins_at as edge from last_held
  union
  select case_key, to_at from last_held where to_at > begins_at
  union
  select case_key, begins_at from last_handed
  union
  select case_key, unnest([received_at, ended_at]) from last_handed
),
judged as (
  select
    e.case_key, e.edge,
    h.agency, h.unit, h.from_at, s.to_agency, s.sent_at,
    case
      -- a case that changes hands without a word is with the giver until the taker acts
      when h.from_at is not null
        and (coalesce(h.to_at > e.edge, true) or (s.kind = 'implied' and coalesce(s.received_at > e.edge, true))) then 'held'
      when s.sent_at is not null and coalesce(s.received_at > e.edge, true) and coalesce(s.ended_at > e.edge, true) then 'limbo'
    end as state
  from (from edges where edge is not null) e
  asof left join last_held h on h.case_key = e.case_key and h.begins_at <= e.edge
  asof left join last_handed s on s.case_key = e.case_key and s.begins_at <= e.edge
),
stood as (
  select
    case_key, edge, state,
    if(state = 'held', from_at, sent_at) as counted_at,
    if(state = 'held', agency, to_agency) as agency,
    if(state = 'held', unit, null) as unit
  from judged
),
-- an edge at which nothing changes begins no span
begun as (
  select
    *,
    state is not distinct from lag(state) over in_case and counted_at is not distinct from lag(counted_at) over in_case
      and agency is not distinct from lag(agency) over in_case and unit is not distinct from lag(unit) over in_case as is_same
  from stood
  window in_case as (partition by case_key order by edge)
),
spans as (
  select *, lead(edge) over (partition by case_key order by edge) as until_at
  from begun
  where not is_same or state is null
)
select
  case_key,
  nullif(edge, '-infinity'::timestamp) as from_at,
  until_at,
  true as grows,
  counted_at,
  agency,
  unit,
  state as outcome,
  null::double as seconds
from spans
where state is not null
