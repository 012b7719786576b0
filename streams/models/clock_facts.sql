-- One row per clock with its due time; what depends on the day it is asked is left to the view `clocks`.
-- reads: clock_runs, clock_pauses, calendar
with pauses as (
  select
    p.case_key, p.standard, p.version, p.start_position,
    coalesce(sum(
      case p.unit
        when 'hours' then
          seconds_between(earliest(p.from_at, p.from_precision), earliest(p.to_at, p.to_precision)) / 3600
        when 'working_days' then b.working_days - a.working_days
        else first_date(p.to_at, p.to_precision) - first_date(p.from_at, p.from_precision)
      end
    ) filter (p.to_at is not null), 0)::double as paused,
    max(p.from_at) filter (p.to_at is null) as paused_since
  from clock_pauses p
  join calendar a on a.day = first_date(p.from_at, p.from_precision)
  left join calendar b on b.day = first_date(p.to_at, p.to_precision)
  group by p.case_key, p.standard, p.version, p.start_position
),
runs as (
  select
    r.*,
    coalesce(p.paused, 0) as paused,
    p.paused_since,
    -- pauses over the limit move the due time on; a time set for the case is moved likewise
    coalesce(p.paused, 0) as moved
  from clock_runs r
  left join pauses p
    on p.case_key = r.case_key and p.standard = r.standard and p.version = r.version and p.start_position = r.position
),
-- the n-th working day: the first day with that running number
working_dates as (
  select working_days, min(day) as day from calendar group by working_days
),
due as (
  select
    r.*,
    case
      when due_field then set_due_at + to_microseconds((moved * 3600e6)::bigint * (unit = 'hours')::integer)
        + to_days((moved * (unit <> 'hours')::integer)::integer)
      when amount is null then null
      else case unit
        when 'hours' then
          earliest(occurred_at, occurred_precision) + to_microseconds(((amount + moved) * 3600e6)::bigint)
        when 'working_days' then end_of(wf.day)
        when 'months' then end_of((start_first + to_months(amount::integer))::date + moved::integer)
        else end_of(start_first + (amount + moved)::integer)
      end
    end as due_at,
    case
      when due_field then set_due_at + to_microseconds((moved * 3600e6)::bigint * (unit = 'hours')::integer)
        + to_days((moved * (unit <> 'hours')::integer)::integer)
      when amount is null then null
      else case unit
        when 'hours' then
          latest(occurred_at, occurred_precision) + to_microseconds(((amount + moved) * 3600e6)::bigint)
        when 'working_days' then end_of(wl.day)
        when 'months' then end_of((start_last + to_months(amount::integer))::date + moved::integer)
        else end_of(start_last + (amount + moved)::integer)
      end
    end as due_latest
  from runs r
  left join calendar cf on r.unit = 'working_days' and cf.day = r.start_first
  left join calendar cl on r.unit = 'working_days' and cl.day = r.start_last
  left join working_dates wf on wf.working_days = cf.working_days + (r.amount + r.moved)::integer
  left join working_dates wl on wl.working_days = cl.working_days + (r.amount + r.moved)::integer
)
select
  case_key,
  standard,
  version,
  event_id as start_event,
  occurred_at as started_at,
  occurred_precision as started_precision,
  earliest(occurred_at, occurred_precision) as start_earliest,
  latest(occurred_at, occurred_precision) as start_latest,
  start_first,
  start_last,
  stop.id as stop_event,
  stop.at as stopped_at,
  earliest(stop.at, stop.prec) as stop_earliest,
  latest(stop.at, stop.prec) as stop_latest,
  first_date(stop.at, stop.prec) as stop_first,
  last_date(stop.at, stop.prec) as stop_last,
  cancelled,
  amount,
  unit,
  due_at,
  due_latest,
  paused,
  paused_since
from due
