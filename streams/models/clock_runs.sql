-- One row per clock: a standard in force, started by an event, with the event that stopped or cancelled it.
-- reads: clock_events, standards
with starts as (
  select
    c.*, s.match, s.due_field,
    case when c.enhanced and s.enhanced_amount is not null then s.enhanced_amount else s.amount end as amount,
    coalesce(case when c.enhanced and s.enhanced_amount is not null then s.enhanced_unit else s.unit end, 'hours') as unit,
    first_date(c.occurred_at, c.occurred_precision) as start_first,
    last_date(c.occurred_at, c.occurred_precision) as start_last
  from clock_events c
  join standards s using (standard, version)
  where c.role = 'start'
  -- `once` counts the first start event of the case, whether or not the standard was in force then
  qualify not s.once or row_number() over (partition by c.case_key, c.standard, c.version order by c.position) = 1
),
in_force as (
  select t.*
  from starts t
  join standards s using (standard, version)
  where (s.effective_from is null or t.start_first >= s.effective_from)
    and (s.effective_to is null or t.start_first <= s.effective_to)
),
stops as (
  select
    t.case_key, t.standard, t.version, t.position,
    min_by(
      struct_pack(at := p.occurred_at, prec := p.occurred_precision, id := p.event_id, pos := p.position), p.position
    ) as stop
  from in_force t
  join clock_events p
    on p.role = 'stop' and p.case_key = t.case_key and p.standard = t.standard and p.version = t.version
    and p.position > t.position
    and case t.match
      when 'case' then true
      when 'about' then p.about = t.event_id
      else coalesce(p.answers, p.reference) = t.reference
    end
  group by t.case_key, t.standard, t.version, t.position
),
cancels as (
  select
    t.case_key, t.standard, t.version, t.position,
    min_by(
      struct_pack(at := p.occurred_at, prec := p.occurred_precision, id := p.event_id, pos := p.position), p.position
    ) as stop
  from in_force t
  join clock_events p
    on p.role = 'cancel' and p.case_key = t.case_key and p.standard = t.standard and p.version = t.version
    and p.position > t.position
  group by t.case_key, t.standard, t.version, t.position
)
select
  t.case_key, t.standard, t.version, t.position, t.event_id, t.occurred_at, t.occurred_precision,
  t.amount, t.unit, t.start_first, t.start_last,
  case when t.due_field then t.due_at end as set_due_at,
  t.due_field,
  coalesce(c.stop.pos < p.stop.pos, c.stop is not null) as cancelled,
  case when coalesce(c.stop.pos < p.stop.pos, c.stop is not null) then c.stop else p.stop end as stop
from in_force t
left join stops p using (case_key, standard, version, position)
left join cancels c using (case_key, standard, version, position)
