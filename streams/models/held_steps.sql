-- One row per step, with the holding that it belongs to (null for a step outside any).
-- reads: steps
with marked as (
  -- a holding goes on while the same agency and unit act and nothing was sent or closed
  select
    *,
    effect in ('holds', 'receives') as keeps,
    coalesce(
      lag(effect) over in_order in ('holds', 'receives')
      and lag(agency) over in_order = agency
      and lag(unit) over in_order is not distinct from unit,
      false
    ) as goes_on
  from steps
  window in_order as (partition by case_key order by step)
)
select
  * exclude (goes_on),
  case
    when keeps or goes_on then
      sum((keeps and not goes_on)::integer) over (partition by case_key order by step)
  end as holding
from marked
