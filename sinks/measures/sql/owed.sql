-- One row per thing that is owed: a time limit that runs, or a contact promised to or asked for by the victim, overdue or
-- due within seven days of `as_of`. A contact for which there is a time limit too is one thing, owed by whom that binds.
with clocks_owed as (
  select
    k.case_id, k.due_at, k.owner as agency, k.title as what, k.state = 'overdue' as is_overdue, c.position,
    case c.kind when 'promised' then 'promise' when 'requested' then 'request' else 'time limit' end as owes
  from clocks k
  -- an id is unique within a source alone
  left join contacts c
    on c.case_id = k.case_id and c.event_id = k.start_event and c.occurred_at = k.started_at
    and c.kind in ('promised', 'requested')
  where k.stopped_at is null and k.state in ('running', 'overdue') and k.due_at is not null
),
owed as (
  select case_id, due_at, agency, null::varchar as unit, owes, what, is_overdue from clocks_owed
  union all
  select
    c.case_id, c.due_at,
    -- of a request it is on record who asked, and not who was asked
    if(c.kind = 'promised', c.agency, null), if(c.kind = 'promised', c.unit, null),
    if(c.kind = 'promised', 'promise', 'request'), 'Contact with the victim', c.state = 'broken'
  from contacts c
  anti join clocks_owed k on k.case_id = c.case_id and k.position = c.position
  where c.kind in ('promised', 'requested') and c.state in ('open', 'broken') and c.due_at is not null
)
select
  o.case_id,
  o.due_at as counted_at,
  o.agency,
  o.unit,
  if(o.is_overdue, 'overdue', 'this_week') as outcome,
  if(o.is_overdue, greatest(epoch_us(a.as_of) - epoch_us(o.due_at), 0), 0) / 1e6 as seconds,
  o.owes,
  o.what
from owed o
cross join as_at a
where o.due_at <= a.as_of + interval 7 days
