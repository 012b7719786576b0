-- One row per case with a victim's crime on record, and whether the victim withdrew their support for it.
with said as (
  select
    t.case_id,
    min(t.occurred_at) filter (ends_with(t.type, '.victim.support_withdrawn')) as withdrawn_at,
    max(t.occurred_at) filter (ends_with(t.type, '.victim.support_withdrawn')) as last_withdrawn_at,
    max(t.occurred_at) filter (ends_with(t.type, '.victim.support_resumed')) as resumed_at
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
    when s.withdrawn_at is null then 'supports'
    when s.resumed_at > s.last_withdrawn_at then 'resumed'
    else 'withdrew'
  end as outcome
from cases c
join said s using (case_id)
