-- One row per thing that is owed: a time limit that runs, or a contact promised to or asked for by the victim, overdue or
-- due within seven days of `as_of`.
with owed as (
  select case_id, due_at, owner as agency, null::varchar as unit, 'time limit' as owes, title as what
  from clocks
  where stopped_at is null and state in ('running', 'overdue') and due_at is not null
  union all
  select case_id, due_at, agency, unit, if(kind = 'promised', 'promise', 'request'), 'Contact with the victim'
  from contacts
  where kind in ('promised', 'requested') and state in ('open', 'broken') and due_at is not null
)
select
  o.case_id,
  o.due_at as counted_at,
  o.agency,
  o.unit,
  if(o.due_at < a.as_of, 'overdue', 'this_week') as outcome,
  greatest(epoch_us(a.as_of) - epoch_us(o.due_at), 0) / 1e6 as seconds,
  o.owes,
  o.what
from owed o
cross join as_at a
where o.due_at < a.as_of + interval 7 days
