-- One row per step: an event with an effect on who holds the case, with the step after it.
-- reads: case_events, effects
with decided as (
  -- the first effect of the type whose `when` matches counts
  select t.type, t.decision, f.effect, f.target, f.kind
  from (select distinct type, decision from case_events) t
  join effects f on f.type = t.type and (f.when_decision is null or f.when_decision = t.decision)
  qualify row_number() over (partition by t.type, t.decision order by f.ordinal) = 1
),
effective as (
  select
    e.case_key, e.position, e.event_key, e.event_id, e.agency, e.unit, e.occurred_at, e.occurred_precision, e.reason,
    d.effect, d.target, d.kind,
    lag(e.agency) over in_order is distinct from e.agency or lag(d.effect) over in_order = 'closes' as begins_run
  from case_events e
  join decided d on d.type = e.type and d.decision is not distinct from e.decision
  window in_order as (partition by e.case_key order by e.position)
),
runs as (
  select *, sum(begins_run::integer) over (partition by case_key order by position) as run
  from effective
),
filled as (
  -- an unknown unit is the last known one of the run, else the next
  select
    * exclude (unit),
    coalesce(
      unit,
      last_value(unit ignore nulls) over (in_run rows between unbounded preceding and current row),
      first_value(unit ignore nulls) over (in_run rows between current row and unbounded following)
    ) as unit
  from runs
  window in_run as (partition by case_key, run order by position)
)
select
  *,
  row_number() over in_order as step,
  lead(agency) over in_order as next_agency,
  lead(unit) over in_order as next_unit,
  lead(effect) over in_order as next_effect,
  lead(occurred_at) over in_order as next_at,
  lead(occurred_precision) over in_order as next_precision,
  lead(event_id) over in_order as next_event
from filled
window in_order as (partition by case_key order by position)
