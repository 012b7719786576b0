-- One row per decision that the victim is to be told of, and the first telling of it.
-- reads: case_events, event_types
with told as (
  select e.case_key, e.about, e.position, e.occurred_at, e.occurred_precision, e.agency, e.channel, e.event_id
  from case_events e
  join event_types t using (type)
  where t.contact = 'told' and e.about is not null
  qualify row_number() over (partition by e.case_key, e.about order by e.position) = 1
)
select
  e.case_key,
  e.event_key,
  e.position::integer as position,
  w.occurred_at as told_at,
  w.occurred_precision as told_precision,
  w.agency as told_by,
  w.channel,
  seconds_between(e.occurred_at, w.occurred_at) as lag_seconds,
  case
    when w.occurred_at is null then 'not_told'
    when e.effect_at is null then 'told'
    when w.occurred_at <= e.effect_at then 'before_effect'
    else 'after_effect'
  end as class,
  w.event_id as told_event
from case_events e
join event_types t using (type)
left join told w on w.case_key = e.case_key and w.about = e.event_id
where t.is_decision
