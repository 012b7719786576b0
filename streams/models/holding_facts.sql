-- One row per holding: an unbroken interval in which one agency and unit held the case.
-- reads: held_steps
select
  case_key,
  holding::integer as position,
  any_value(agency) as agency,
  any_value(unit) as unit,
  arg_min(occurred_at, step) as from_at,
  arg_min(occurred_precision, step) as from_precision,
  -- held still, if its last step keeps it and nothing follows
  case when arg_max(keeps and next_agency is null, step) then null else arg_max(occurred_at, step) end as to_at,
  case when arg_max(keeps and next_agency is null, step) then null else arg_max(occurred_precision, step) end as to_precision,
  first_date(arg_min(occurred_at, step), arg_min(occurred_precision, step)) as from_date,
  case
    when not arg_max(keeps and next_agency is null, step)
      then first_date(arg_max(occurred_at, step), arg_max(occurred_precision, step))
  end as to_date
from held_steps
where holding is not null
group by case_key, holding
