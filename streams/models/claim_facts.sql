-- One row per interval in which an agency says the same of who holds the case.
-- reads: case_events, steps
with stated as (
  select
    e.case_key, e.position, e.agency, e.occurred_at, e.event_id,
    -- what the event says outright wins over what its effect implies
    coalesce(
      e.holder,
      case s.effect when 'sends' then s.target when 'closes' then null else s.agency end
    ) as claimed_holder
  from case_events e
  left join (select case_key, position, effect, target, agency from steps) s using (case_key, position)
  where e.holder is not null or s.effect is not null
),
changed as (
  select *
  from stated
  window in_order as (partition by case_key, agency order by position)
  qualify row_number() over in_order = 1 or claimed_holder is distinct from lag(claimed_holder) over in_order
),
spans as (
  select *, lead(occurred_at) over (partition by case_key, agency order by position) as to_at
  from changed
)
select
  case_key,
  agency,
  row_number() over (partition by case_key order by position)::integer as position,
  claimed_holder,
  occurred_at as from_at,
  to_at,
  event_id
from spans
where claimed_holder is not null
