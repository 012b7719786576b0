-- One row per case and agency whose time it may have been, and per case one each for time contested, between agencies and
-- in nobody's hands. Of `least`, the rows of a case add up to its whole time.
with cases_open as (
  select c.case_id, c.opened_at, least(coalesce(c.closed_at, a.as_of), a.as_of) as until_at
  from cases c
  cross join as_at a
  where c.opened_at < least(coalesce(c.closed_at, a.as_of), a.as_of)
),
classed as (
  select *, (epoch_us(to_at) - epoch_us(from_at)) / 1e6 as seconds
  from (
{whose_pieces}
  )
),
parts as (
  -- what is certain, and what nobody can be said to have held
  select case_id, whose, seconds as least, if(whose in ('contested', 'limbo', 'nobody'), seconds, 0) as most from classed
  union all
  -- at most: all the time in which somebody named the agency
  select case_id, unnest(named), 0, seconds from classed
)
select
  p.case_id,
  o.opened_at as counted_at,
  null::varchar as agency,
  null::varchar as unit,
  p.whose as outcome,
  sum(p.least) as least,
  sum(p.most) as most
from parts p
join cases_open o using (case_id)
where p.whose is not null
group by p.case_id, o.opened_at, p.whose
