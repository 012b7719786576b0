-- One row per pause of a clock: from a pausing event to the next resuming one, or to where the clock stopped.
-- reads: clock_runs, clock_events
with marks as (
  select
    r.case_key, r.standard, r.version, r.position as start_position, r.unit, r.stop,
    e.position, e.role, e.occurred_at, e.occurred_precision,
    lag(e.role) over (partition by r.case_key, r.standard, r.version, r.position order by e.position) as before
  from clock_runs r
  join clock_events e
    on e.case_key = r.case_key and e.standard = r.standard and e.version = r.version
    and e.role in ('pause', 'resume')
    and e.position > r.position and (r.stop is null or e.position < r.stop.pos)
),
-- only the first pause before a resume, and the first resume after a pause, change anything
turns as (
  select *
  from marks
  where (role = 'pause' and before is distinct from 'pause') or (role = 'resume' and before = 'pause')
),
spans as (
  select
    *,
    lead(occurred_at) over in_clock as resumed_at,
    lead(occurred_precision) over in_clock as resumed_precision
  from turns
  window in_clock as (partition by case_key, standard, version, start_position order by position)
)
select
  case_key, standard, version, start_position, unit,
  occurred_at as from_at, occurred_precision as from_precision,
  coalesce(resumed_at, stop.at) as to_at,
  coalesce(resumed_precision, stop.prec) as to_precision
from spans
where role = 'pause'
