-- One row per event of a change: what a row says in a snapshot, where the last one before that has its id said something
-- else. What a reading without that last one would have claimed of the next is taken back, so that more snapshots count.
-- reads: seen (EVENTS, is_change, content), intervals
with said as (
  -- an id that says two things in one snapshot says nothing
  select id, revision, min(content) as content from seen where is_change group by all having count(distinct content) = 1
),
in_order as (
  select
    id, revision, content, lag(revision) over by_id as before, lag(content) over by_id as said_before,
    lag(content, 2) over by_id as said_first
  from said
  window by_id as (partition by id order by revision)
),
claims as (
  select id, revision, before, content <> said_before as is_change
  from in_order
  where content <> said_before or (content = said_before and content <> said_first)
)
select
  e.* exclude (is_change, content) replace (
    e.id || ':' || c.revision as id, c.before as revision, if(c.is_change, null, true) as retracts,
    i.occurred_at as occurred_at, i.occurred_precision as occurred_precision
  )
from claims c
join seen e on e.id = c.id and e.revision = c.revision and e.is_change
join intervals i on i.before = c.before and i.revision = c.revision
qualify row_number() over (partition by c.id, c.revision order by e.origin, e.position) = 1
