-- One row per clock with its due time; what depends on the day it is asked is left to the view `clocks`.
-- reads: clock_runs, clock_pauses, live_standards, calendar
with pauses as (
  select
    p.live, p.start_event,
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
  group by p.live, p.start_event
),
working_dates as (
  select working_days, day from calendar where working_day
),
runs as (
  select
    r.*,
    coalesce(p.paused, 0) as paused,
    p.open,
    -- the local day on which it is due, for units that count days
    case r.unit
      when 'hours' then null
      when 'working_days' then greatest(wf.day, r.start_first)
      when 'months' then (r.start_first + to_months(r.amount::integer))::date + coalesce(p.paused, 0)::integer
      else r.start_first + (r.amount + coalesce(p.paused, 0))::integer
    end as due_first,
    case r.unit
      when 'hours' then null
      when 'working_days' then greatest(wl.day, r.start_last)
      when 'months' then (r.start_last + to_months(r.amount::integer))::date + coalesce(p.paused, 0)::integer
      else r.start_last + (r.amount + coalesce(p.paused, 0))::integer
    end as due_last
  from clock_runs r
  left join pauses p on p.live = r.live and p.start_event = r.event_key
  left join calendar cf on cf.day = r.start_first
  left join calendar cl on cl.day = r.start_last
  left join working_dates wf on wf.working_days = cf.working_days + (r.amount + coalesce(p.paused, 0))::integer
  left join working_dates wl on wl.working_days = cl.working_days + (r.amount + coalesce(p.paused, 0))::integer
),
due as (
  select
    r.*,
    -- a time set for the case is moved on by the pauses too, in the unit of the clock
    set_due_at + case unit
      when 'hours' then to_microseconds((paused * 3600e6)::bigint)
      else to_days(paused::integer)
    end as set_due,
    to_microseconds(((amount + paused) * 3600e6)::bigint) as allowed_time,
    mf.starts_at - interval 1 microsecond as due_first_end,
    ml.starts_at - interval 1 microsecond as due_last_end
  from runs r
  -- a day ends where the next begins
  left join calendar mf on mf.day = r.due_first + 1
  left join calendar ml on ml.day = r.due_last + 1
)
select
  case_key,
  s.standard,
  s.version,
  event_key as start_event,
  occurred_at as started_at,
  occurred_precision as started_precision,
  earliest(occurred_at, occurred_precision) as start_earliest,
  latest(occurred_at, occurred_precision) as start_latest,
  start_first,
  start_last,
  stop.event as stop_event,
  stop.occurred_at as stopped_at,
  earliest(stop.occurred_at, stop.prec) as stop_earliest,
  latest(stop.occurred_at, stop.prec) as stop_latest,
  first_date(stop.occurred_at, stop.prec) as stop_first,
  last_date(stop_first, stop.prec) as stop_last,
  cancelled,
  due.amount,
  due.unit,
  case
    when due.due_field then set_due
    when due.unit = 'hours' then earliest(occurred_at, occurred_precision) + allowed_time
    else due_first_end
  end as due_at,
  case
    when due.due_field then set_due
    when due.unit = 'hours' then latest(occurred_at, occurred_precision) + allowed_time
    else due_last_end
  end as due_latest,
  paused,
  open.at as paused_since,
  earliest(open.at, open.prec) as pause_earliest,
  latest(open.at, open.prec) as pause_latest,
  first_date(open.at, open.prec) as pause_first,
  last_date(pause_first, open.prec) as pause_last
from due
join live_standards s using (live)
