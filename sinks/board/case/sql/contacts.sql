-- One row per contact that was promised to the victim, or that the victim asked for.
select position, kind, agency, occurred_at, occurred_precision, due_at, answered_at, state
from contacts
where case_id = $case_id and kind in ('promised', 'requested')
order by position
