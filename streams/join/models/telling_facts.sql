-- One row per decision that the victim is to be told of, and the first telling of it.
-- reads: case_events, case_records, rules
with told as (
  select
    d.case_key, d.about,
    min({
      'position': e.position, 'occurred_at': e.occurred_at, 'prec': e.occurred_precision, 'agency': e.agency,
      'channel': d.channel, 'event': e.event_key
    }) as first
  from case_events e
  join rules r using (rule)
  join case_records d using (event_key)
  where r.contact = 'told' and d.about is not null
  group by d.case_key, d.about
)
select
  e.case_key,
  e.event_key,
  e.position,
  w.first.occurred_at as told_at,
  w.first.prec as told_precision,
  w.first.agency as told_by,
  w.first.channel as channel,
  seconds_between(e.occurred_at, w.first.occurred_at) as lag_seconds,
  case
    when w.first is null then 'not_told'
    when d.effect_at is null then 'told'
    when w.first.occurred_at <= d.effect_at then 'before_effect'
    else 'after_effect'
  end as class,
  w.first.event as told_event
from case_events e
join rules r using (rule)
join case_records d using (event_key)
left join told w on w.case_key = d.case_key and w.about = d.event_id
where r.is_decision
