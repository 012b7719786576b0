-- One row per date in UTC on which an event of the cases to derive lies: when the local days around it begin.
-- reads: case_events, calendar
select
  day,
  starts_at,
  lead(starts_at) over in_order as next_at,
  -- whether this local day and those beside it have 24 hours: then the date of an instant is seen by comparing
  lead(starts_at, 2) over in_order - starts_at = interval 48 hour
  and lead(starts_at) over in_order - lag(starts_at) over in_order = interval 48 hour
  and lead(starts_at) over in_order - starts_at = interval 24 hour as is_plain
from calendar
where day between (select min(occurred_at)::date - 1 from case_events)
  and (select max(occurred_at)::date + 2 from case_events)
window in_order as (order by day)
