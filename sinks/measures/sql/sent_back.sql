-- One row per file that one agency sent to another, and what came of it before the next was sent.
with sent as (
  select
    case_id, sent_at, from_agency, from_unit, to_agency, kind, received_at,
    -- what follows between the same two agencies answers it
    lead(kind) over pair as next_kind,
    lead(from_agency) over pair as next_from,
    count(*) filter (kind = 'return') over (pair rows between unbounded preceding and current row) as returned_before
  from handoffs
  -- that a case changes hands without a word says nothing of the file
  where from_agency <> to_agency and kind <> 'implied'
  window pair as (
    partition by case_id, least(from_agency, to_agency), greatest(from_agency, to_agency) order by position
  )
)
select
  s.case_id,
  s.sent_at as counted_at,
  s.from_agency as agency,
  s.from_unit as unit,
  case
    when s.next_kind = 'return' and s.next_from = s.to_agency then 'sent_back'
    when s.next_from = s.to_agency then 'answered'
    when s.received_at is null then 'no_receipt'
    when s.next_from is null and c.closed_at between s.received_at and a.as_of then 'answered'
    else 'no_answer'
  end as outcome,
  case when s.returned_before = 0 then 'first' when s.returned_before = 1 then 'second' else 'third or later' end as round
from sent s
cross join as_at a
left join cases c on c.case_id = s.case_id
where s.kind in ('submission', 'resubmission', 'charge_file', 'early_advice', 'action_plan_response', 'sent')
