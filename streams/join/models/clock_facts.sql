-- One row per clock with its due time; what depends on the day it is asked is left to the view `clocks`.
-- reads: clock_starts, clock_ends, clock_pauses, live_standards, calendar
with pauses as (
  select
    p.case_key, p.live, p.start_position,
    -- summed as whole numbers, so that the order of summing changes nothing: microseconds for hours, else days
    coalesce(sum(
      case p.unit
        when 'hours' then epoch_us(earliest(p.to_at, p.to_precision)) - epoch_us(earliest(p.from_at, p.from_precision))
        when 'working_days' then b.working_days - a.working_days
        else first_date(p.to_at, p.to_precision) - first_date(p.from_at, p.from_precision)
      end
    ) filter (p.to_at is not null), 0) / if(any_value(p.unit) = 'hours', 3600e6, 1) as paused,
    -- at most one is open: the last
    any_value({'at': p.from_at, 'prec': p.from_precision}) filter (p.to_at is null) as open
  from clock_pauses p
  join calendar a on a.day = first_date(p.from_at, p.from_precision)
  left join calendar b on b.day = first_date(p.to_at, p.to_precision)
  group by p.case_key, p.live, p.start_position
),
runs as (
  select
    t.*, last_date(t.start_first, t.occurred_precision) as start_last,
    coalesce(p.paused, 0) as paused, p.open,
    case when t.is_enhanced then s.enhanced_amount else s.amount end as amount,
    coalesce(case when t.is_enhanced then s.enhanced_unit else s.unit end, 'hours') as unit,
    s.standard, s.version, s.due_field
  from clock_starts t
  join live_standards s using (live)
  left join pauses p on p.case_key = t.case_key and p.live = t.live and p.start_position = t.position
),
-- many clocks start on one day with one limit
terms as (
  select distinct start_first as day, unit, amount, paused from runs where unit <> 'hours' and amount is not null
  union
  select distinct start_last, unit, amount, paused
  from runs
  where unit <> 'hours' and amount is not null and start_last <> start_first
),
-- the local day on which it is due
due_days as (
  select
    t.*,
    case t.unit
      when 'working_days' then greatest(w.day, t.day)
      when 'months' then (t.day + to_months(t.amount::integer))::date + t.paused::integer
      else t.day + (t.amount + t.paused)::integer
    end as due_day
  from terms t
  left join calendar c on c.day = t.day
  left join (select working_days, day from calendar where working_day) w
    on w.working_days = c.working_days + (t.amount + t.paused)::integer
),
due as (
  -- a day ends where the next begins
  select d.day, d.unit, d.amount, d.paused, c.starts_at - interval 1 microsecond as due_end
  from due_days d
  left join calendar c on c.day = d.due_day + 1
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
  case
    -- a time set for the case is moved on by the pauses too; a clock that has one has no period, and counts hours
    when r.due_field then r.set_due_at + to_microseconds((r.paused * 3600e6)::bigint)
    when r.unit = 'hours' then start_earliest + to_microseconds(((r.amount + r.paused) * 3600e6)::bigint)
    else f.due_end
  end as due_at,
  case
    when r.due_field then due_at
    when r.unit = 'hours' then start_latest + to_microseconds(((r.amount + r.paused) * 3600e6)::bigint)
    when r.start_last = r.start_first then f.due_end
    else l.due_end
  end as due_latest,
  r.paused,
  r.open.at as paused_since,
  earliest(r.open.at, r.open.prec) as pause_earliest,
  latest(r.open.at, r.open.prec) as pause_latest,
  first_date(r.open.at, r.open.prec) as pause_first,
  last_date(pause_first, r.open.prec) as pause_last
from runs r
left join clock_ends e on e.case_key = r.case_key and e.live = r.live and e.position = r.position
left join due f
  on f.day = r.start_first and f.unit = r.unit and f.amount = r.amount and f.paused = r.paused
left join due l
  on l.day = case when r.start_last <> r.start_first then r.start_last end
  and l.unit = r.unit and l.amount = r.amount and l.paused = r.paused
