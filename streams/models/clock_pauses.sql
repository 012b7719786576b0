-- One row per pause of a clock: from a pausing event to the next resuming one, or to where the clock stopped.
-- reads: clock_runs, clock_events
with marks as (
  select
    r.live, r.event_key as start_event, r.unit, r.stop,
    e.position, e.role, e.occurred_at, e.occurred_precision,
    lag(e.role) over (partition by r.live, r.event_key order by e.position) as role_before
  from clock_runs r
  join clock_events e
    on e.role in ('pause', 'resume')
    and e.case_key = r.case_key and e.live = r.live
    and e.position > r.position and (r.stop is null or e.position < r.stop.position)
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
  window in_clock as (partition by live, start_event order by position)
)
select
  live, start_event, unit,
  occurred_at as from_at, occurred_precision as from_precision,
  coalesce(resumed_at, stop.occurred_at) as to_at,
  coalesce(resumed_precision, stop.prec) as to_precision
from spans
where role = 'pause'
