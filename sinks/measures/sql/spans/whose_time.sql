-- One row per case, agency whose time it may have been (or contested, between agencies, in nobody's hands) and span of `as_of`
-- in which both amounts grow, or neither, or one.
with cases_open as (
  select case_key as case_id, opened_at, coalesce(closed_at, 'infinity'::timestamp) as until_at
  from case_facts
  where coalesce(opened_at < closed_at, true)
),
-- as the views, of all times
holdings as (
  select h.case_key as case_id, h.agency, h.from_at, h.to_at
  from holding_facts h
  join calendar a on a.day = h.from_date
  where coalesce(h.to_date >= (select min(day) from calendar), true)
),
handoffs as (
  select case_key as case_id, position, kind, from_agency, to_agency, sent_at, received_at, ended_at from handoff_facts
),
contradictions as (
  select case_key as case_id, left_claim, right_claim, from_at, to_at from contradiction_facts
),
classed as (
{whose_pieces}
),
parts as (
  -- what is certain, and what nobody can be said to have held
  select case_id, whose, from_at, to_at, true as least_grows, whose in ('contested', 'limbo', 'nobody') as most_grows from classed
  union all
  -- at most: all the time in which somebody named the agency
  select case_id, unnest(named), from_at, to_at, false, true from classed
),
had as (
  select
    case_id, whose, from_at, nullif(to_at, 'infinity'::timestamp) as to_at,
    bool_or(least_grows) as least_grows, bool_or(most_grows) as most_grows,
    epoch_us(nullif(to_at, 'infinity'::timestamp)) - epoch_us(from_at) as length
  from parts
  where whose is not null
  group by case_id, whose, from_at, to_at
),
counted as (
  select
    *,
    lead(from_at) over in_order as next_at,
    coalesce(sum(if(least_grows, length, 0)) over before, 0) as least_before,
    coalesce(sum(if(most_grows, length, 0)) over before, 0) as most_before
  from had
  window
    in_order as (partition by case_id, whose order by from_at),
    before as (partition by case_id, whose order by from_at rows between unbounded preceding and 1 preceding)
),
spans as (
  -- a microsecond of it has passed
  select
    case_id, whose,
    from_at + interval 1 microsecond as from_at, to_at + interval 1 microsecond as until_at,
    least_before + least_grows::bigint as least, most_before + most_grows::bigint as most, least_grows, most_grows
  from counted
  union all
  -- until its next time
  select
    case_id, whose,
    to_at + interval 1 microsecond, next_at + interval 1 microsecond,
    least_before + if(least_grows, length, 0), most_before + if(most_grows, length, 0), false, false
  from counted
  where to_at is not null and coalesce(to_at < next_at, true)
)
select
  s.case_id as case_key, s.from_at, s.until_at,
  o.opened_at as counted_at,
  null::varchar as agency,
  null::varchar as unit,
  s.whose as outcome,
  s.least / 1e6 as least, s.most / 1e6 as most, s.least_grows, s.most_grows
from spans s
join cases_open o using (case_id)
