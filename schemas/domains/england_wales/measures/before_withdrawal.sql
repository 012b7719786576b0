-- One row per case in which the victim withdrew, and thing that may have preceded it: whether it had.
with withdrawn as (
  select t.case_id, min(t.occurred_at) as withdrawn_at, arg_min(t.agency, t.position) as agency
  from timeline t
  cross join as_at a
  where ends_with(t.type, '.victim.support_withdrawn') and t.occurred_at <= a.as_of
  group by t.case_id
)
select case_id, withdrawn_at as counted_at, agency, null::varchar as unit, if(had, 'had', 'had_not') as outcome, before
from (
{preceded}
)
