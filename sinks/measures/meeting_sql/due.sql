-- One row per thing that is overdue on the second day and was not on the first (`overdue`), or that was done late meanwhile
-- (`late`).
-- reads: known, owed_then, owed_now
select
  n.case_id,
  n.state as outcome,
  n.owes, n.what, n.agency, n.unit, n.due_at, n.ended_at,
  coalesce(t.state = 'overdue', false) as was_overdue,
  k.* exclude (case_id, began_at)
from owed_now n
join known k using (case_id)
left join owed_then t on t.case_id = n.case_id and t.thing = n.thing
where n.state = 'late' or t.state is distinct from 'overdue'
order by n.state desc, n.due_at, n.case_id, n.what
