-- One row per file that one agency sent to another, and span of `as_of` in which it is counted alike.
with handed as (
  select
    case_key, position, sent_at, from_agency, from_unit, to_agency, kind, received_at,
    least(from_agency, to_agency) as one, greatest(from_agency, to_agency) as other
  from handoff_facts
  -- that a case changes hands without a word says nothing of the file
  where from_agency <> to_agency and kind <> 'implied'
),
files as (
  select h.*, c.closed_at, coalesce(h.sent_at, '-infinity'::timestamp) as begins_at
  from handed h
  left join case_facts c using (case_key)
  where h.kind in ('submission', 'resubmission', 'charge_file', 'early_advice', 'action_plan_response', 'sent')
),
-- what passed between the same two agencies, and when
passed as (
  select
    f.case_key, f.position, f.begins_at, p.position as other_position, p.kind, p.from_agency,
    coalesce(p.sent_at, '-infinity'::timestamp) as passed_at
  from files f
  join handed p using (case_key, one, other)
  where p.position <> f.position
),
edges as (
  select case_key, position, begins_at as edge from files
  union
  select case_key, position, passed_at from passed where passed_at > begins_at
  union
  select case_key, position, received_at from files where received_at > begins_at
  union
  select case_key, position, closed_at from files where closed_at > begins_at
),
counted as (
  select
    e.case_key, e.position, e.edge,
    -- what follows between the same two agencies answers it
    arg_min(p.kind, p.other_position) filter (p.other_position > e.position) as next_kind,
    arg_min(p.from_agency, p.other_position) filter (p.other_position > e.position) as next_from,
    count(*) filter (p.kind = 'return' and p.other_position < e.position) as returned_before
  from edges e
  left join passed p on p.case_key = e.case_key and p.position = e.position and p.passed_at <= e.edge
  group by all
),
judged as (
  select
    s.case_key, s.position, s.sent_at, s.from_agency, s.from_unit, c.edge,
    case
      when c.next_kind = 'return' and c.next_from = s.to_agency then 'sent_back'
      when c.next_from = s.to_agency then 'answered'
      when coalesce(s.received_at > c.edge, true) then 'no_receipt'
      when c.next_from is null and s.closed_at between s.received_at and c.edge then 'answered'
      else 'no_answer'
    end as outcome,
    case when c.returned_before = 0 then 'first' when c.returned_before = 1 then 'second' else 'third or later' end as round
  from counted c
  join files s using (case_key, position)
),
-- an edge at which nothing changes begins no span
begun as (
  select *, outcome = lag(outcome) over of_file and round = lag(round) over of_file as is_same
  from judged
  window of_file as (partition by case_key, position order by edge)
),
spans as (
  select *, lead(edge) over (partition by case_key, position order by edge) as until_at
  from begun
  where coalesce(not is_same, true)
)
select
  case_key,
  nullif(edge, '-infinity'::timestamp) as from_at,
  until_at,
  sent_at as counted_at,
  from_agency as agency,
  from_unit as unit,
  outcome,
  round
from spans
