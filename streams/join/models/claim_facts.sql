-- One row per interval in which an agency says the same of who holds the case.
-- reads: case_events, case_records, rules
with stated as (
  select
    e.case_key, e.event_key, e.position, e.agency, e.occurred_at,
    -- what the event says outright wins over what its effect implies
    coalesce(
      d.holder,
      case r.effect when 'sends' then r.target when 'closes' then null else e.agency end
    ) as claimed_holder
  from case_events e
  join rules r using (rule)
  left join (select event_key, holder from case_records where holder is not null) d using (event_key)
  where d.holder is not null or r.effect is not null
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
  (row_number() over (partition by case_key order by position))::integer as position,
  claimed_holder,
  occurred_at as from_at,
  to_at,
  event_key
from spans
where claimed_holder is not null
