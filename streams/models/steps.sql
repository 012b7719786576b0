-- One row per step: an event with an effect on who holds the case, the step after it, and the holding and handoff that it is part of.
-- reads: case_events, rules
with acts as (
  select
    e.case_key, e.event_key, e.position, e.agency, e.occurred_at, e.occurred_precision,
    r.effect, r.target, r.kind,
    r.effect in ('holds', 'receives') as keeps,
    -- an unknown unit is the last that the agency stated
    last_value(e.unit ignore nulls) over (
      partition by e.case_key, e.agency order by e.position rows between unbounded preceding and current row
    ) as unit
  from case_events e
  join rules r using (rule)
  where r.effect is not null
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
  from acts
  window in_order as (partition by case_key order by position)
)
select
  * exclude (goes_on),
  case when keeps or goes_on then (sum((keeps and not goes_on)::integer) over so_far)::integer end as holding,
  case when hands_over then (sum(hands_over::integer) over so_far)::integer end as handoff
from (
  select
    *,
    -- what was sent, or changed hands without a word
    effect = 'sends'
    or (keeps and next_event is not null and (next_agency <> agency or coalesce(next_unit <> unit, false)))
      as hands_over
  from ordered
)
window so_far as (partition by case_key order by step rows between unbounded preceding and current row)
