-- One row per step: an event with an effect on who holds the case, the step after it, and the holding and handoff that it is part of.
-- reads: case_events, rules
with acts as (
  select
    e.case_key, e.event_key, e.position, e.agency, e.unit, e.occurred_at, e.occurred_precision,
    rule, r.effect in ('holds', 'receives') as keeps, r.effect = 'sends' as sends
  from case_events e
  join rules r using (rule)
  where r.effect is not null
),
-- the agencies that state their unit sometimes
wavering as (
  select agency from acts group by agency having count(unit) between 1 and count(*) - 1
),
located as (
  select * from acts anti join wavering using (agency)
  union all
  -- an unknown unit is the last that the agency stated
  select
    * replace (
      last_value(unit ignore nulls) over (
        partition by case_key, agency order by position rows between unbounded preceding and current row
      ) as unit
    )
  from acts
  semi join wavering using (agency)
),
ordered as (
  select
    *,
    (row_number() over in_order)::integer as step,
    lead(event_key) over in_order as next_event,
    lead(agency) over in_order as next_agency,
    lead(unit) over in_order as next_unit,
    lead(occurred_at) over in_order as next_at,
    lead(occurred_precision) over in_order as next_precision,
    -- a holding goes on while the same agency and unit act and nothing was sent or closed;
    -- an unknown unit is not another one
    coalesce(
      lag(keeps) over in_order and lag(agency) over in_order = agency
      and coalesce(lag(unit) over in_order = unit, true),
      false
    ) as goes_on
  from located
  window in_order as (partition by case_key order by position)
),
numbered as (
  select
    * exclude (goes_on, sends),
    case when keeps or goes_on then (sum((keeps and not goes_on)::integer) over so_far)::integer end as holding,
    case when hands_over then (sum(hands_over::integer) over so_far)::integer end as handoff
  from (
    select
      *,
      -- what was sent, or changed hands without a word
      sends or (keeps and next_event is not null and (next_agency <> agency or coalesce(next_unit <> unit, false)))
        as hands_over
    from ordered
  )
  window so_far as (partition by case_key order by step rows between unbounded preceding and current row)
)
-- what the rule says is added last: texts make windows slow
select n.* exclude (rule), r.effect, r.target, r.kind
from numbered n
join rules r using (rule)
