-- One row per clock that ended: the first stop that matches its start, or the first cancel before that.
-- reads: clock_starts, clock_roles, case_events, case_records, days
with started as (
  select distinct live from clock_starts
),
marks as (
  select e.case_key, r.live, e.position, r.role
  from case_events e
  join clock_roles r using (rule)
  semi join started using (live)
  where r.role = 'cancel' or (r.role = 'stop' and r.match = 'case')
),
answers as (
  select e.case_key, r.live, e.position, e.event_key, r.match
  from case_events e
  join clock_roles r using (rule)
  semi join started using (live)
  where r.role = 'stop' and r.match <> 'case'
),
matching as (
  select
    a.case_key, a.live, a.position,
    case a.match when 'about' then d.about else coalesce(d.answers, d.reference) end as matched_by
  from answers a
  join (select event_key, about, reference, answers from case_records) d using (event_key)
),
pairs as (
  select
    t.case_key, t.live, t.position,
    case when m.role = 'stop' then m.position end as stop,
    case when m.role = 'cancel' then m.position end as cancel
  from clock_starts t
  join marks m on m.case_key = t.case_key and m.live = t.live and m.position > t.position
  union all
  select t.case_key, t.live, t.position, m.position, null
  from (select case_key, live, position, matched_by from clock_starts where matched_by is not null) t
  join matching m
    on m.case_key = t.case_key and m.live = t.live and m.matched_by = t.matched_by and m.position > t.position
),
ends as (
  select case_key, live, position, min(stop) as stop, min(cancel) as cancel
  from pairs
  group by case_key, live, position
),
first_ends as (
  select
    case_key, live, position,
    coalesce(cancel < stop, stop is null) as cancelled,
    least(stop, cancel) as end_position
  from ends
)
select
  f.case_key, f.live, f.position, f.cancelled, f.end_position,
  e.event_key as stop_event,
  e.occurred_at as stopped_at,
  e.occurred_precision as stopped_precision,
  local_day(e.occurred_at, e.occurred_precision, d) as stop_first
from first_ends f
join case_events e on e.case_key = f.case_key and e.position = f.end_position
left join days d on d.day = e.occurred_at::date
