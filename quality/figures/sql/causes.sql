-- One row per subject of a figure and event since its publication that touched a case behind what changed in it. kind:
-- received; corrected (stated otherwise or again, and that was received since); linked (a steward's action); resolved.
-- reads: behind_then, behind_now (as delays_behind), events_then (event_key, case_key, occurred_at: those that stood),
-- identifiers_then (identifier_key, case_key); of now: events, statements, identifiers, agencies
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
-- subjects and cases of now that are not the cases of then: joined, or taken apart
relinked as (
  select t.subject, t.case_key
  from touched t
  join events e using (case_key)
  join events_then b using (event_key)
  where t.side = 'now'
  group by t.subject, t.case_key
  having count(distinct b.case_key) > 1
  union
  select t.subject, e.case_key
  from touched t
  join events_then b using (case_key)
  join events e on e.event_key = b.event_key and e.standing = 'stands'
  where t.side = 'then'
  qualify count(distinct e.case_key) over (partition by t.subject, t.case_key) > 1
),
-- every event of a case behind, whether it stood then or stands now; of those that happened later only what can join cases
behind as (
  select t.subject, e.event_key
  from touched t
  join events_then e using (case_key)
  where t.side = 'then' and e.occurred_at <= $as_of::timestamp
  union
  select t.subject, e.event_key
  from touched t
  join events e using (case_key)
  where t.side = 'now'
    and (
      e.occurred_at <= $as_of::timestamp
      or (len(e.identifier_keys) > 1 and (t.subject, t.case_key) in (select (subject, case_key) from relinked))
    )
),
-- when what stands was received, and what else was
copies as (
  select event_key, received_at, true as is_content from events semi join behind using (event_key)
  union all
  select event_key, received_at, false from statements semi join behind using (event_key)
),
arrived as (
  select
    event_key, min(received_at) as first_at, max(received_at) as last_at, count(*) filter (is_content) as contents
  from copies
  group by event_key
),
received as (
  select b.subject, 'received' as kind, b.event_key
  from behind b
  join arrived a using (event_key)
  semi join (select event_key from events where standing = 'stands') using (event_key)
  where a.first_at > $known_at::timestamp
),
-- what was here and in conflict then, and is settled by an action, has nothing that was received since: the action is named
corrected as (
  select b.subject, 'corrected' as kind, b.event_key
  from behind b
  join arrived a using (event_key)
  where a.contents > 1 and a.first_at <= $known_at::timestamp and a.last_at > $known_at::timestamp
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
  join behind b on b.event_key = event_key_of(a.area, a.data->>'$.conflict_source', a.data->>'$.conflict_id')
  where a.type = 'steward.conflict.resolved'
),
causes as (
  from received union from corrected union from linked union from resolved
)
select
  c.subject, c.kind,
  -- as what stands says, or what did last
  arg_max(e.agency, (e.standing = 'stands', e.received_at)) as agency,
  arg_max(e.type, (e.standing = 'stands', e.received_at)) as type,
  e.source, e.event_id,
  greatest(max(e.received_at), any_value(a.last_at)) as received_at,
  'c' || lpad(lower(to_hex(coalesce(any_value(e.case_key), any_value(t.case_key)))), 16, '0') as case_id
from causes c
join events e using (event_key)
left join arrived a using (event_key)
left join events_then t using (event_key)
group by c.subject, c.kind, c.event_key, e.source, e.event_id
order by c.subject, received_at, c.kind, e.source, e.event_id
