-- One row per file that one agency sent to another, and what came of it before the next was sent.
with sent as (
  select
    case_id, position, sent_at, from_agency, from_unit, to_agency, kind, received_at,
    -- what follows between the same two agencies answers it
    lead(kind) over pair as next_kind,
    lead(from_agency) over pair as next_from,
    count(*) filter (kind = 'return') over (pair rows between unbounded preceding and current row) as returned_before
  from handoffs
  where from_agency <> to_agency
  window pair as (
    partition by case_id, least(from_agency, to_agency), greatest(from_agency, to_agency) order by position
  )
)
select
  case_id,
  sent_at as counted_at,
  from_agency as agency,
  from_unit as unit,
  case
    when next_kind = 'return' and next_from = to_agency then 'sent_back'
    when next_from = to_agency then 'answered'
    when received_at is null then 'no_receipt'
    else 'no_answer'
  end as outcome,
  case when returned_before = 0 then 'first' when returned_before = 1 then 'second' else 'third or later' end as round
from sent
where kind in ('submission', 'resubmission', 'charge_file', 'early_advice', 'action_plan_response', 'sent')
