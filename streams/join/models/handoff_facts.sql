-- One row per change of holder: what was sent, or changed hands without a word, and when the taker first acted.
-- reads: steps, holding_facts, case_records
with changes as (
  select
    *,
    effect = 'sends' as is_sent,
    -- the step after a sending acknowledges it only if it is the target's
    effect <> 'sends' or coalesce(next_agency = target, false) as is_received
  from steps
  where handoff is not null
),
closed as (
  -- one that was never received ends where the case was closed
  select c.case_key, c.step, min(s.occurred_at) as ended_at
  from changes c
  join steps s on s.case_key = c.case_key and s.step > c.step and s.effect = 'closes'
  where not c.is_received
  group by c.case_key, c.step
)
select
  c.case_key,
  c.handoff as position,
  c.agency as from_agency,
  c.unit as from_unit,
  case when c.is_received then c.next_agency else c.target end as to_agency,
  case when c.is_received then c.next_unit end as to_unit,
  c.occurred_at as sent_at,
  c.occurred_precision as sent_precision,
  case when c.is_received then c.next_at end as received_at,
  case when c.is_received then c.next_precision end as received_precision,
  case when c.is_sent then c.kind else 'implied' end as kind,
  r.reason,
  case when c.is_received then seconds_between(c.occurred_at, c.next_at) end as limbo_seconds,
  case
    when c.is_received then
      greatest(0, seconds_between(latest(c.occurred_at, c.occurred_precision), earliest(c.next_at, c.next_precision)))
  end as limbo_least_seconds,
  case
    when c.is_received then
      seconds_between(earliest(c.occurred_at, c.occurred_precision), latest(c.next_at, c.next_precision))
  end as limbo_most_seconds,
  seconds_between(h.from_at, c.occurred_at) as held_seconds,
  z.ended_at,
  c.event_key as sent_event,
  case when c.is_received then c.next_event end as received_event
from changes c
left join holding_facts h on h.case_key = c.case_key and h.position = c.holding
left join closed z on z.case_key = c.case_key and z.step = c.step
left join (select event_key, reason from case_records where reason is not null) r on r.event_key = c.event_key
