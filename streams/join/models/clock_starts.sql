-- One row per clock: a standard in force and the event that started it.
-- reads: case_events, case_records, clock_roles, live_standards, days
with single as (
  select e.case_key, e.position, r.live
  from case_events e
  join clock_roles r using (rule)
  where r.role = 'start' and r.once
    -- nearly all cases have but one event that starts such standards
    and e.case_key in (
      select case_key
      from case_events
      where rule in (select rule from clock_roles where role = 'start' and once)
      group by case_key
      having count(*) > 1
    )
),
later as (
  -- `once` counts the first start event of the case, whether or not the standard was in force then
  select * from single qualify row_number() over (partition by case_key, live order by position) > 1
),
starts as (
  select
    e.case_key, r.live, e.event_key, e.position, e.occurred_at, e.occurred_precision, e.enhanced,
    local_day(e.occurred_at, e.occurred_precision, d) as start_first,
    r.match, r.due_field
  from case_events e
  join clock_roles r using (rule)
  left join days d on d.day = e.occurred_at::date
  where r.role = 'start'
    and (r.not_before is null or e.occurred_at >= r.not_before)
    and (r.not_after is null or e.occurred_at <= r.not_after)
),
in_force as (
  select
    t.* exclude (enhanced),
    t.enhanced and s.enhanced_amount is not null as is_enhanced,
    if(is_enhanced, s.enhanced_amount, s.amount) as amount,
    -- a clock without a period counts hours
    coalesce(if(is_enhanced, s.enhanced_unit, s.unit), 'hours') as unit
  from starts t
  join live_standards s using (live)
  anti join later l on l.case_key = t.case_key and l.live = t.live and l.position = t.position
  where (s.effective_from is null or t.start_first >= s.effective_from)
    and (s.effective_to is null or t.start_first <= s.effective_to)
)
select
  case_key, live, event_key, position, occurred_at, occurred_precision, start_first, amount, unit,
  null as matched_by, null::timestamp as set_due_at
from in_force
where match = 'case' and not due_field
union all
select
  t.case_key, t.live, t.event_key, t.position, t.occurred_at, t.occurred_precision, t.start_first, t.amount, t.unit,
  -- what a start and its stop are matched by: the event that is told of, or the reference that is answered
  case t.match when 'about' then d.event_id when 'reference' then d.reference end,
  case when t.due_field then d.due_at end
from in_force t
join (select event_key, event_id, reference, due_at from case_records) d using (event_key)
where t.match <> 'case' or t.due_field
