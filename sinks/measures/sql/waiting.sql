-- One row per case that somebody holds, or that lies between two agencies, at `as_of`.
-- `cases` shows the present alone, so the state of a day is that of the last holding and the last handoff begun by then.
with last_holding as (
  select case_id, agency, unit, from_at, to_at from holdings
  qualify row_number() over (partition by case_id order by position desc) = 1
),
last_handoff as (
  select case_id, kind, to_agency, sent_at, received_at, ended_at from handoffs
  qualify row_number() over (partition by case_id order by position desc) = 1
),
judged as (
  select
    case_id,
    h.agency, h.unit, h.from_at, s.to_agency, s.sent_at,
    case
      -- a case that changes hands without a word is with the giver until the taker acts
      when h.from_at is not null and (h.to_at is null or (s.kind = 'implied' and s.received_at is null)) then 'held'
      when s.sent_at is not null and s.received_at is null and s.ended_at is null then 'limbo'
    end as state
  from last_holding h
  full join last_handoff s using (case_id)
)
select
  j.case_id,
  if(j.state = 'held', j.from_at, j.sent_at) as counted_at,
  if(j.state = 'held', j.agency, j.to_agency) as agency,
  if(j.state = 'held', j.unit, null) as unit,
  j.state as outcome,
  greatest(epoch_us(a.as_of) - epoch_us(counted_at), 0) / 1e6 as seconds
from judged j
cross join as_at a
where j.state is not null
