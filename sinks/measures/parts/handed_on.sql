-- One row per handoff: until when it lay between two agencies.
-- reads: handoffs, holdings
select
  h.case_id, h.kind, h.from_agency, h.to_agency, h.sent_at,
  -- what was never received lies between two agencies until anybody acts; what has not happened is null, and ignored
  least(
    h.received_at, h.ended_at, g.from_at, lead(h.sent_at) over (partition by h.case_id order by h.position)
  ) as until_at
from handoffs h
-- when somebody had it again, at a time after it was sent
asof left join (select case_id, from_at from holdings where coalesce(to_at > from_at, true)) g
  on g.case_id = h.case_id and g.from_at >= h.sent_at
