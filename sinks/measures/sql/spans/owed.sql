-- One row per thing that is owed and span of `as_of` in which it is counted alike: from seven days before it is due.
with stood as (
{clocks_stood}
),
named as (
  select event_key, event_id from events where standing = 'stands'
),
asked as (
  select
    c.case_key, c.position, c.kind, c.agency, c.unit, c.occurred_at, c.due_at, c.answered_at,
    c.due_at + interval 1 microsecond as over_at, n.event_id
  from contact_facts c
  left join named n using (event_key)
  where c.kind in ('promised', 'requested')
),
-- while a clock neither stands still nor has stopped
running as (
  select
    k.case_key, k.standard, k.version, k.due_at, c.position,
    case c.kind when 'promised' then 'promise' when 'requested' then 'request' else 'time limit' end as owes,
    greatest(k.since_at, k.started_at) as from_at,
    least(k.next_at, k.stopped_at, k.paused_since) as until_at,
    k.due_latest + interval 1 microsecond as over_at
  from stood k
  left join named n on n.event_key = k.start_event
  -- as the measure: an id is unique within a source alone
  left join asked c on c.case_key = k.case_key and c.event_id = n.event_id and c.occurred_at = k.started_at
  where k.due_at is not null and coalesce(greatest(k.since_at, k.started_at) < least(k.next_at, k.stopped_at, k.paused_since), true)
),
-- while no clock runs for a contact that has some: between one and the next, and after the last
without_clock as (
  select case_key, position, max(coalesce(until_at, 'infinity'::timestamp)) over before as free_from, from_at as free_until
  from running
  where position is not null
  window before as (
    partition by case_key, position order by from_at rows between unbounded preceding and 1 preceding
  )
  union all
  select case_key, position, max(coalesce(until_at, 'infinity'::timestamp)), null
  from running
  where position is not null
  group by case_key, position
),
owed as (
  select
    r.case_key, s.owner as agency, null::varchar as unit, r.owes, s.title as what,
    r.from_at, r.until_at, r.due_at, r.over_at
  from running r
  join standards s using (standard, version)
  union all
  select
    c.case_key,
    -- of a request it is on record who asked, and not who was asked
    if(c.kind = 'promised', c.agency, null), if(c.kind = 'promised', c.unit, null),
    if(c.kind = 'promised', 'promise', 'request'), 'Contact with the victim',
    greatest(c.occurred_at, w.free_from), least(c.answered_at, w.free_until), c.due_at, c.over_at
  from asked c
  left join without_clock w using (case_key, position)
  where c.due_at is not null
),
spans as (
  select
    * replace (greatest(from_at, due_at - interval 7 days) as from_at, least(until_at, over_at) as until_at),
    'this_week' as outcome, false as grows, 0.0::double as seconds
  from owed
  union all
  select * replace (greatest(from_at, over_at) as from_at), 'overdue', true, null
  from owed
)
select case_key, from_at, until_at, grows, due_at as counted_at, agency, unit, outcome, seconds, owes, what
from spans
where coalesce(from_at < until_at, true)
