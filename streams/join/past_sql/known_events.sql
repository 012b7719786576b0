-- One row per event that had happened by $as_of, with the times that were known at $known_at; with $later_acts also stewards'
-- decisions made after $as_of.
-- reads: events, restated, statements
with copies as (
  select event_key, origin, position, min(recorded_at) as recorded_at, min(received_at) as received_at
  from restated
  where $known_at::timestamp is null or received_at <= $known_at::timestamp
  group by all
),
again as (
  select e.rowid as event_row, min(s.revision) as revision
  from events e
  join statements s on s.event_key = e.event_key and s.content_hash = content_hash_of(e)
  where $known_at::timestamp is null or s.received_at <= $known_at::timestamp
  group by all
)
select
  e.* replace (
    -- the first copy counts only if it had been received by then
    case
      when $known_at::timestamp is null or e.received_at <= $known_at::timestamp then least(e.recorded_at, c.recorded_at)
      else c.recorded_at
    end as recorded_at,
    least(e.received_at, c.received_at) as received_at,
    if($known_at::timestamp is null or e.received_at <= $known_at::timestamp, e.revision, a.revision) as revision,
    null::ubigint as case_key
  )
from events e
left join copies c using (event_key, origin, position)
left join again a on a.event_row = e.rowid
where ($known_at::timestamp is null or least(e.received_at, c.received_at) <= $known_at::timestamp)
  and ($recorded_by::timestamp is null or coalesce(least(e.recorded_at, c.recorded_at), e.received_at) <= $recorded_by::timestamp)
  and (
    $as_of::timestamp is null
    or e.occurred_at <= $as_of::timestamp
    or ($later_acts and e.agency in (select agency from agencies where role = 'steward'))
  )
  and (
    $case_key::ubigint is null
    or e.case_key = $case_key::ubigint
    or e.standing <> 'stands'
    or e.agency in (select agency from agencies where role = 'steward')
  )
