-- One row per change of holder: what was sent, or changed hands without a word, and when the taker first acted.
-- reads: held_steps, holding_facts
with changes as (
  select
    s.*,
    s.effect = 'sends' as is_sent,
    -- the step after a sending acknowledges it only if it is the target's
    case when s.effect = 'sends' then coalesce(s.next_agency = s.target, false) else true end as is_received
  from held_steps s
  where s.effect = 'sends'
    or (
      s.keeps
      and s.next_agency is not null
      and (s.next_agency <> s.agency or s.next_unit is distinct from s.unit)
    )
)
select
  c.case_key,
  row_number() over (partition by c.case_key order by c.step)::integer as position,
  c.agency as from_agency,
  c.unit as from_unit,
  case when c.is_received then c.next_agency else c.target end as to_agency,
  case when c.is_received then c.next_unit end as to_unit,
  c.occurred_at as sent_at,
  c.occurred_precision as sent_precision,
  case when c.is_received then c.next_at end as received_at,
  case when c.is_received then c.next_precision end as received_precision,
  case when c.is_sent then c.kind else 'implied' end as kind,
  c.reason,
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
  -- one that was never received ends where the case was closed
  case when not c.is_received then z.closed_at end as ended_at,
  c.event_id as sent_event,
  case when c.is_received then c.next_event end as received_event
from changes c
left join holding_facts h on h.case_key = c.case_key and h.position = c.holding
left join (
  select case_key, step, min(occurred_at) filter (effect = 'closes')
    over (partition by case_key order by step rows between 1 following and unbounded following) as closed_at
  from held_steps
) z on z.case_key = c.case_key and z.step = c.step
