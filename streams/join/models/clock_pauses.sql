-- One row per pause of a clock: from a pausing event to the next resuming one, or to where the clock stopped; and how long
-- the clock stood still up to it, in its unit.
-- reads: clock_starts, clock_ends, clock_roles, case_events, calendar
with turning as (
  select e.case_key, r.live, r.role, e.position, e.occurred_at, e.occurred_precision
  from case_events e
  join clock_roles r using (rule)
  where r.role in ('pause', 'resume')
),
marks as (
  select
    t.case_key, t.live, t.position as start_position, c.stopped_at, c.stopped_precision,
    e.position, e.role, e.occurred_at, e.occurred_precision,
    lag(e.role) over (partition by t.case_key, t.live, t.position order by e.position) as role_before
  from (from clock_starts semi join (select live from turning) using (live)) t
  left join clock_ends c using (case_key, live, position)
  join turning e
    on e.case_key = t.case_key and e.live = t.live
    and e.position > t.position and (c.end_position is null or e.position < c.end_position)
),
-- only the first pause before a resume, and the first resume after a pause, change anything
turns as (
  select *
  from marks
  where (role = 'pause' and role_before is distinct from 'pause') or (role = 'resume' and role_before = 'pause')
),
spans as (
  select
    *,
    lead(occurred_at) over in_clock as resumed_at,
    lead(occurred_precision) over in_clock as resumed_precision
  from turns
  window in_clock as (partition by case_key, live, start_position order by position)
),
pauses as (
  select
    p.case_key, p.live, p.start_position, p.position,
    t.unit,
    p.occurred_at as from_at, p.occurred_precision as from_precision,
    coalesce(p.resumed_at, p.stopped_at) as to_at,
    coalesce(p.resumed_precision, p.stopped_precision) as to_precision
  from spans p
  join clock_starts t on t.case_key = p.case_key and t.live = p.live and t.position = p.start_position
  where p.role = 'pause'
),
-- whole numbers, so that the order of summing changes nothing: microseconds for hours, else days; null while it is open
measured as (
  select
    p.*,
    case p.unit
      when 'hours' then epoch_us(earliest(p.to_at, p.to_precision)) - epoch_us(earliest(p.from_at, p.from_precision))
      when 'working_days' then b.working_days - a.working_days
      else first_date(p.to_at, p.to_precision) - first_date(p.from_at, p.from_precision)
    end as length,
    if(p.unit = 'hours', 3600e6, 1) as of_a_unit
  from pauses p
  join calendar a on a.day = first_date(p.from_at, p.from_precision)
  left join calendar b on b.day = first_date(p.to_at, p.to_precision)
)
select
  case_key, live, start_position, position,
  from_at, from_precision, to_at, to_precision,
  -- by the pauses before this one, and by this one too
  coalesce(sum(length) over earlier, 0) / of_a_unit as paused_before,
  coalesce(sum(length) over so_far, 0) / of_a_unit as paused_after
from measured
window
  earlier as (
    partition by case_key, live, start_position order by position rows between unbounded preceding and 1 preceding
  ),
  so_far as (
    partition by case_key, live, start_position order by position rows between unbounded preceding and current row
  )
