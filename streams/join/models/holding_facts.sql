-- One row per holding: an unbroken interval in which one agency and unit held the case.
-- reads: steps, days
with spans as (
  select
    case_key,
    holding,
    any_value(agency) as agency,
    arg_max(unit, step) as unit,
    min(occurred_at) as from_at,
    arg_min(occurred_precision, step) as from_precision,
    max(occurred_at) as last_at,
    arg_max(occurred_precision, step) as last_precision,
    -- held still, if its last step keeps it and nothing follows
    bool_or(keeps and next_event is null) as is_open
  from steps
  where holding is not null
  group by case_key, holding
)
select
  case_key,
  holding as position,
  agency,
  unit,
  from_at,
  from_precision,
  case when not is_open then last_at end as to_at,
  case when not is_open then last_precision end as to_precision,
  local_day(from_at, from_precision, f) as from_date,
  case when not is_open then local_day(last_at, last_precision, l) end as to_date
from spans
left join days f on f.day = from_at::date
left join days l on l.day = last_at::date
