-- One row per case, and whether its victim withdrew their support for it. The last word counts.
with said as (
  select
    t.case_id,
    max(t.position) filter (ends_with(t.type, '.victim.support_withdrawn')) as withdrawn,
    max(t.position) filter (ends_with(t.type, '.victim.support_resumed')) as resumed
  from timeline t
  cross join as_at a
  where t.occurred_at <= a.as_of
  group by t.case_id
)
select
  case_id,
  c.opened_at as counted_at,
  null::varchar as agency,
  null::varchar as unit,
  case
    when s.withdrawn is null then 'supports'
    when s.resumed > s.withdrawn then 'resumed'
    else 'withdrew'
  end as outcome
from cases c
join said s using (case_id)
