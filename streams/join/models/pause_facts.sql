-- One row per pause of a clock that is over: what the clock counted until then, and when it was due.
-- reads: clock_pauses, clock_starts, clock_terms, live_standards
select
  p.case_key,
  s.standard,
  s.version,
  t.event_key as start_event,
  row_number() over (partition by p.case_key, p.live, p.start_position order by p.position)::integer as position,
  p.from_at,
  earliest(p.from_at, p.from_precision) as from_earliest,
  latest(p.from_at, p.from_precision) as from_latest,
  first_date(p.from_at, p.from_precision) as from_first,
  last_date(from_first, p.from_precision) as from_last,
  p.to_at,
  p.paused_before as paused,
  due_moved(
    t.set_due_at, t.unit, earliest(t.occurred_at, t.occurred_precision), t.amount, p.paused_before, f.due_end
  ) as due_at,
  due_moved(
    t.set_due_at, t.unit, latest(t.occurred_at, t.occurred_precision), t.amount, p.paused_before, l.due_end
  ) as due_latest
from clock_pauses p
join clock_starts t on t.case_key = p.case_key and t.live = p.live and t.position = p.start_position
join live_standards s on s.live = p.live
left join clock_terms f
  on f.day = t.start_first and f.unit = t.unit and f.amount = t.amount and f.paused = p.paused_before
left join clock_terms l
  on l.day = last_date(t.start_first, t.occurred_precision) and l.unit = t.unit and l.amount = t.amount
  and l.paused = p.paused_before
where p.to_at is not null
