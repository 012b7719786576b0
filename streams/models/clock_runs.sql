-- One row per clock: a standard in force, started by an event, with the event that stopped or cancelled it.
-- reads: clock_events, live_standards
with first_starts as (
  select c.live, c.case_key, min(c.position)
  from clock_events c
  join live_standards s using (live)
  where c.role = 'start' and s.once
  group by c.live, c.case_key
),
starts as (
  select
    c.live, c.case_key, c.event_key, c.position, c.occurred_at, c.occurred_precision, c.matched_by, c.due_at,
    s.match, s.due_field, s.effective_from, s.effective_to,
    case when c.enhanced and s.enhanced_amount is not null then s.enhanced_amount else s.amount end as amount,
    coalesce(case when c.enhanced and s.enhanced_amount is not null then s.enhanced_unit else s.unit end, 'hours') as unit,
    first_date(c.occurred_at, c.occurred_precision) as start_first,
    last_date(start_first, c.occurred_precision) as start_last
  from clock_events c
  join live_standards s using (live)
  where c.role = 'start'
    -- no need to ask for the local date of what lies years outside
    and (s.effective_from is null or c.occurred_at >= s.effective_from - interval 40 day)
    and (s.effective_to is null or c.occurred_at <= s.effective_to + interval 3 day)
    -- `once` counts the first start event of the case, whether or not the standard was in force then
    and (not s.once or (c.live, c.case_key, c.position) in (from first_starts))
),
in_force as (
  select *
  from starts
  where (effective_from is null or start_first >= effective_from) and (effective_to is null or start_first <= effective_to)
),
ends as (
  -- the first stop that matches, and the first cancel, after the start
  select
    t.live, t.event_key,
    min({
      'position': p.position, 'occurred_at': p.occurred_at, 'prec': p.occurred_precision, 'event': p.event_key
    }) filter (p.role = 'stop') as stop,
    min({
      'position': p.position, 'occurred_at': p.occurred_at, 'prec': p.occurred_precision, 'event': p.event_key
    }) filter (p.role = 'cancel') as cancel
  from in_force t
  join (from clock_events where role in ('stop', 'cancel')) p
    on p.case_key = t.case_key and p.live = t.live and p.position > t.position
    and (p.role = 'cancel' or t.match = 'case' or p.matched_by = t.matched_by)
  group by t.live, t.event_key
)
select
  t.case_key, t.live, t.event_key, t.position, t.occurred_at, t.occurred_precision,
  t.amount, t.unit, t.start_first, t.start_last, t.due_field,
  case when t.due_field then t.due_at end as set_due_at,
  b.cancel is not null and (b.stop is null or b.cancel.position < b.stop.position) as cancelled,
  case
    when b.cancel is not null and (b.stop is null or b.cancel.position < b.stop.position) then b.cancel
    else b.stop
  end as stop
from in_force t
left join ends b using (live, event_key)
