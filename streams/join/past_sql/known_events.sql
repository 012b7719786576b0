-- One row per event that had happened by $as_of, with the times that were known at $known_at; with $later_acts also stewards'
-- decisions made after $as_of. Of events that have several contents all of them: which stands is for the past to judge.
-- reads: events, restated, identifiers
with copies as (
  select
    event_key, origin, position, first_received_at, min(recorded_at) as recorded_at, min(received_at) as received_at
  from restated
  where $known_at::timestamp is null or received_at <= $known_at::timestamp
  group by all
),
-- what now stands may have left cases behind that it had joined, and joined others
related as (
  select $case_key::ubigint as case_key
  union
  select i.case_key
  from identifiers i
  where i.identifier_key in (
    select unnest(o.identifier_keys)
    from events o
    where o.standing <> 'stands'
      and (
        o.event_key in (select event_key from events where case_key = $case_key::ubigint)
        or list_has_any(
          o.identifier_keys, (select list(identifier_key) from identifiers where case_key = $case_key::ubigint)
        )
      )
  )
)
select
  e.* replace (
    -- the first copy counts only if it had been received by then
    case
      when $known_at::timestamp is null or e.received_at <= $known_at::timestamp then least(e.recorded_at, c.recorded_at)
      else c.recorded_at
    end as recorded_at,
    least(e.received_at, c.received_at) as received_at,
    null::ubigint as case_key
  )
from events e
left join copies c
  on c.event_key = e.event_key and c.origin = e.origin and c.position = e.position
  and c.first_received_at = e.received_at
where ($known_at::timestamp is null or least(e.received_at, c.received_at) <= $known_at::timestamp)
  and ($recorded_by::timestamp is null or coalesce(least(e.recorded_at, c.recorded_at), e.received_at) <= $recorded_by::timestamp)
  and (
    $as_of::timestamp is null
    or e.occurred_at <= $as_of::timestamp
    or (
      e.event_key in (select event_key from events where standing <> 'stands')
      and e.agency not in (select agency from agencies where role = 'steward')
    )
    or ($later_acts and e.agency in (select agency from agencies where role = 'steward'))
  )
  and (
    $event_keys::ubigint[] is null
    or e.event_key in (select unnest($event_keys::ubigint[]))
    or e.agency in (select agency from agencies where role = 'steward')
  )
  and (
    $case_key::ubigint is null
    or e.case_key in (select case_key from related)
    or e.standing <> 'stands'
    or e.agency in (select agency from agencies where role = 'steward')
  )
