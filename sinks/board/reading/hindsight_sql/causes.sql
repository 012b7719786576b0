-- One row per event (or act of a steward) and case of $cases, that came in after $known_at and may say why it is counted
-- otherwise. kind: received (happened by then); corrected (stated otherwise or again, or taken back); joined (happened later,
-- and carries several identifiers of a case in $relinked); answered (happened later, and answers something by its number);
-- linked, resolved (a steward's decision).
-- reads: events, restated, statements, identifiers, agencies
with of_cases as (
  select unnest($cases::ubigint[]) as case_key
),
arrivals as (
  select event_key, received_at from events
  union all
  select event_key, received_at from restated
  union all
  select event_key, received_at from statements
),
arrived as (
  select event_key, min(received_at) as first_at, max(received_at) as last_at
  from arrivals
  group by event_key
  having max(received_at) > $known_at::timestamp
),
stewards as (
  select agency from agencies where role = 'steward'
),
contents as (
  select e.*, a.first_at, a.last_at from events e join arrived a using (event_key)
),
-- where nothing stands, what it carries says where it belonged
placed as (
  select event_key, case_key from contents where case_key is not null
  union
  select c.event_key, i.case_key
  from (
    select event_key, unnest(identifier_keys) as identifier_key
    from contents
    where event_key not in (select event_key from contents where case_key is not null)
  ) c
  join identifiers i using (identifier_key)
  where not i.is_hub
),
events_late as (
  select
    p.case_key,
    case
      when c.first_at <= $known_at::timestamp then 'corrected'
      when min(c.occurred_at) over (partition by c.event_key) <= $day::timestamp then 'received'
      when len(c.identifier_keys) > 1 and p.case_key in (select unnest($relinked::ubigint[])) then 'joined'
      when c.answers is not null then 'answered'
    end as kind,
    c.*
  from contents c
  join placed p using (event_key)
  where c.agency not in (from stewards)
),
acts as (
  select * from contents where agency in (from stewards)
),
named as (
  select
    event_key,
    unnest([
      identifier_key_of(area, data->>'$.left_kind', data->>'$.left_value'),
      identifier_key_of(area, data->>'$.right_kind', data->>'$.right_value')
    ]) as identifier_key
  from acts
  where (data->>'$.left_kind') is not null
),
causes as (
  select case_key, kind, agency, type, source, event_id, event_key, standing, occurred_at, last_at
  from events_late
  where kind is not null
  union all
  select distinct i.case_key, 'linked', a.agency, a.type, a.source, a.event_id, a.event_key, a.standing, a.occurred_at, a.last_at
  from acts a
  join named n using (event_key)
  join identifiers i using (identifier_key)
  union all
  select distinct e.case_key, 'resolved', a.agency, a.type, a.source, a.event_id, a.event_key, a.standing, a.occurred_at, a.last_at
  from acts a
  join events e on e.event_key = event_key_of(a.area, a.data->>'$.conflict_source', a.data->>'$.conflict_id')
  where a.type = 'steward.conflict.resolved' and e.case_key is not null
)
select
  'c' || lpad(lower(to_hex(c.case_key)), 16, '0') as case_id,
  c.kind,
  -- as what stands says, or what did last
  arg_max(c.agency, (c.standing = 'stands', c.last_at)) as agency,
  arg_max(c.type, (c.standing = 'stands', c.last_at)) as type,
  c.source, c.event_id,
  arg_max(c.occurred_at, (c.standing = 'stands', c.last_at)) as occurred_at,
  max(c.last_at) as received_at
from causes c
semi join of_cases using (case_key)
group by c.case_key, c.kind, c.event_key, c.source, c.event_id
-- what answers is named only where nothing else explains the case
qualify c.kind <> 'answered' or bool_and(c.kind = 'answered') over (partition by c.case_key)
order by received_at, case_id, c.kind, c.source, c.event_id
