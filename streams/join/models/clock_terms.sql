-- One row per first day, limit in days and time stood still of some clock: where the day ends that is due.
-- reads: clock_starts, clock_pauses, calendar
with limited as (
  select
    case_key, live, position, start_first, last_date(start_first, occurred_precision) as start_last, unit, amount
  from clock_starts
  where unit <> 'hours' and amount is not null
),
paused as (
  select t.start_first, t.start_last, t.unit, t.amount, p.paused_before, p.paused_after
  from clock_pauses p
  join limited t on t.case_key = p.case_key and t.live = p.live and t.position = p.start_position
),
-- many clocks start on one day with one limit
terms as (
  select distinct start_first as day, unit, amount, 0::double as paused from limited
  union
  select distinct start_last, unit, amount, 0 from limited where start_last <> start_first
  union
  select
    unnest([start_first, start_last, start_first, start_last]), unit, amount,
    unnest([paused_before, paused_before, paused_after, paused_after])
  from paused
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
)
-- a day ends where the next begins
select d.day, d.unit, d.amount, d.paused, c.starts_at - interval 1 microsecond as due_end
from due_days d
left join calendar c on c.day = d.due_day + 1
