-- One row per clock with its due time; what depends on the day it is asked is left to the view `clocks`.
-- reads: clock_starts, clock_ends, clock_pauses, clock_terms, live_standards
with pauses as (
  select
    case_key, live, start_position,
    arg_max(paused_after, position) as paused,
    -- at most one is open: the last
    any_value({'at': from_at, 'prec': from_precision}) filter (to_at is null) as open
  from clock_pauses
  group by case_key, live, start_position
),
runs as (
  select
    t.*, last_date(t.start_first, t.occurred_precision) as start_last,
    coalesce(p.paused, 0) as paused, p.open,
    s.standard, s.version
  from clock_starts t
  join live_standards s using (live)
  left join pauses p on p.case_key = t.case_key and p.live = t.live and p.start_position = t.position
)
select
  r.case_key,
  r.standard,
  r.version,
  r.event_key as start_event,
  r.occurred_at as started_at,
  r.occurred_precision as started_precision,
  earliest(r.occurred_at, r.occurred_precision) as start_earliest,
  latest(r.occurred_at, r.occurred_precision) as start_latest,
  r.start_first,
  r.start_last,
  e.stop_event,
  e.stopped_at,
  earliest(e.stopped_at, e.stopped_precision) as stop_earliest,
  latest(e.stopped_at, e.stopped_precision) as stop_latest,
  e.stop_first,
  last_date(e.stop_first, e.stopped_precision) as stop_last,
  coalesce(e.cancelled, false) as cancelled,
  r.amount,
  r.unit,
  due_moved(r.set_due_at, r.unit, start_earliest, r.amount, r.paused, f.due_end) as due_at,
  due_moved(r.set_due_at, r.unit, start_latest, r.amount, r.paused, l.due_end) as due_latest,
  r.paused,
  r.open.at as paused_since,
  earliest(r.open.at, r.open.prec) as pause_earliest,
  latest(r.open.at, r.open.prec) as pause_latest,
  first_date(r.open.at, r.open.prec) as pause_first,
  last_date(pause_first, r.open.prec) as pause_last
from runs r
left join clock_ends e on e.case_key = r.case_key and e.live = r.live and e.position = r.position
left join clock_terms f
  on f.day = r.start_first and f.unit = r.unit and f.amount = r.amount and f.paused = r.paused
left join clock_terms l
  on l.day = r.start_last and l.unit = r.unit and l.amount = r.amount and l.paused = r.paused
