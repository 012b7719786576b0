-- One row per subject of a figure and event since its publication that touched a case behind what changed in it. kind:
-- received; corrected (a copy that differs took it back, and was received since); linked (a steward's action).
-- reads: behind_then, behind_now (as delays_behind), events_then (event_key, case_key: those that stood), identifiers_then
-- (identifier_key, case_key); of now: events, identifiers
with counted as (
  select 'then' as side, subject, case_key, to_json(b)->>'$' as counted from (from behind_then) b
  union all
  select 'now', subject, case_key, to_json(b)->>'$' from (from behind_now) b
),
-- the same handoff in a case of another key is the same
plain as (
  select side, subject, case_key, json_merge_patch(counted, '{"case_key":null}')::varchar as counted from counted
),
changed as (
  select side, subject, case_key
  from plain
  qualify count(*) filter (side = 'then') over (partition by subject, counted)
    <> count(*) filter (side = 'now') over (partition by subject, counted)
),
counting as (
  select distinct side, subject, case_key from changed
),
-- and the cases that their events are in on the other side, where perhaps nothing is left that counts
touched as (
  from counting
  union
  select 'now', t.subject, e.case_key
  from counting t
  join events_then b using (case_key)
  join events e on e.event_key = b.event_key and e.standing = 'stands'
  where t.side = 'then'
  union
  select 'then', t.subject, b.case_key
  from counting t
  join events e using (case_key)
  join events_then b using (event_key)
  where t.side = 'now'
),
-- every event of a case behind, whether it stood then or stands now
behind as (
  select t.subject, e.event_key from touched t join events_then e using (case_key) where t.side = 'then'
  union
  select t.subject, e.event_key from touched t join events e using (case_key) where t.side = 'now'
),
received as (
  select b.subject, 'received' as kind, b.event_key
  from behind b
  semi join (select event_key from events where standing = 'stands') using (event_key)
  -- what was here and in conflict then is settled by an action, which is named instead
  anti join (select event_key from events where received_at <= $known_at::timestamp) using (event_key)
),
corrected as (
  select b.subject, 'corrected' as kind, b.event_key
  from behind b
  semi join events_then using (event_key)
  semi join (
    select event_key from events group by event_key having count(*) > 1 and max(received_at) > $known_at::timestamp
  ) using (event_key)
),
actions as (
  select event_key, area, type, data
  from events
  where standing = 'stands' and agency in (select agency from agencies where role = 'steward')
    and received_at > $known_at::timestamp
),
named as (
  select
    event_key,
    unnest([
      identifier_key_of(area, data->>'$.left_kind', data->>'$.left_value'),
      identifier_key_of(area, data->>'$.right_kind', data->>'$.right_value')
    ]) as identifier_key
  from actions
  where type in (
    'steward.identifiers.linked', 'steward.identifiers.seconded', 'steward.identifiers.withdrawn',
    'steward.identifiers.unlinked'
  )
),
linked as (
  select t.subject, 'linked' as kind, n.event_key
  from named n
  join identifiers i using (identifier_key)
  join touched t on t.side = 'now' and t.case_key = i.case_key
  union
  select t.subject, 'linked', n.event_key
  from named n
  join identifiers_then i using (identifier_key)
  join touched t on t.side = 'then' and t.case_key = i.case_key
),
resolved as (
  select b.subject, 'resolved' as kind, a.event_key
  from actions a
  join behind b on b.event_key = event_key_of(a.data->>'$.conflict_source', a.data->>'$.conflict_id')
  where a.type = 'steward.conflict.resolved'
),
causes as (
  from received union from corrected union from linked union from resolved
)
select
  c.subject, c.kind, e.agency, e.type, e.source, e.event_id,
  -- of one that was corrected, the copy that was received since
  max(e.received_at) as received_at,
  'c' || lpad(lower(to_hex(coalesce(any_value(e.case_key), any_value(t.case_key)))), 16, '0') as case_id
from causes c
join events e using (event_key)
left join events_then t using (event_key)
group by all
order by c.subject, received_at, c.kind, e.source, e.event_id
