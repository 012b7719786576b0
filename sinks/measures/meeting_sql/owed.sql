-- One row per thing that is owed and overdue at `as_of`, or that was done late after $since: a time limit, or a contact promised
-- to or asked for by the victim. A contact for which there are time limits too is one thing, by the first of them that says so.
with of_clocks as (
  select
    k.case_id, k.owner as agency, null::varchar as unit, k.title as what, k.due_at, k.stopped_at as ended_at,
    k.state, c.position,
    case c.kind when 'promised' then 'promise' when 'requested' then 'request' else 'time limit' end as owes,
    -- an event starts a clock of a standard once
    coalesce(c.position::varchar, k.standard || ' ' || k.version || ' ' || k.start_event || ' ' || k.started_at) as thing
  from clocks k
  -- an id is unique within a source alone
  left join contacts c
    on c.case_id = k.case_id and c.event_id = k.start_event and c.occurred_at = k.started_at
    and c.kind in ('promised', 'requested')
  where k.due_at is not null and k.state in ('overdue', 'late')
),
things as (
  select case_id, agency, unit, what, due_at, ended_at, state, owes, thing, 0 as place from of_clocks
  union all
  select
    -- of a request it is on record who asked, and not who was asked
    case_id, if(kind = 'promised', agency, null), if(kind = 'promised', unit, null), 'Contact with the victim',
    due_at, answered_at, if(state = 'broken', 'overdue', 'late'), if(kind = 'promised', 'promise', 'request'),
    position::varchar, 1
  from contacts
  where kind in ('promised', 'requested') and state in ('broken', 'late') and due_at is not null
)
select case_id, thing, state, owes, what, agency, unit, due_at, ended_at
from things
where state = 'overdue' or ended_at > $since::timestamp
-- what one of them still waits for is not done
qualify row_number() over (partition by case_id, thing order by state = 'overdue' desc, place, due_at, what) = 1
