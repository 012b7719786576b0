-- One row per pause of a clock: from a pausing event to the next resuming one, or to where the clock stopped.
-- reads: clock_starts, clock_ends, clock_roles, live_standards, case_events
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
)
select
  p.case_key, p.live, p.start_position,
  coalesce(case when t.is_enhanced then s.enhanced_unit else s.unit end, 'hours') as unit,
  p.occurred_at as from_at, p.occurred_precision as from_precision,
  coalesce(p.resumed_at, p.stopped_at) as to_at,
  coalesce(p.resumed_precision, p.stopped_precision) as to_precision
from spans p
join clock_starts t on t.case_key = p.case_key and t.live = p.live and t.position = p.start_position
join live_standards s on s.live = p.live
where p.role = 'pause'
