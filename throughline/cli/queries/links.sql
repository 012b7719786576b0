-- One row per matter of linking: a proposal that waits, a link or unlinking in force, a hub.
-- reads: link_acts, edges, identifiers; the variables now, area
with decided as (
  select
    case when links then if(state = 'waiting', 'waiting', 'linked') else 'unlinked' end as state,
    area,
    left_kind || ':' || left_value as identifier,
    right_kind || ':' || right_value as other,
    acted_at as since,
    coalesce(acted_by, '(not said)') as acted_by,
    seconded_by,
    event_id as act,
    case when state = 'waiting' and acted_by is null then 'cannot be seconded: nobody is named' else reason_code end as detail
  from link_acts
  where state in ('waiting', 'in force')
),
neighbours as (
  select h.identifier_key, i.kind, count(*) as identifiers
  from (
    select left_key as identifier_key, right_key as neighbour from edges
    union
    select right_key, left_key from edges
  ) n
  join identifiers h using (identifier_key)
  join identifiers i on i.identifier_key = n.neighbour
  where h.is_hub
  group by all
),
hubs as (
  select
    'hub' as state, h.area, h.kind || ':' || h.value as identifier, null as other, null::timestamp as since,
    null as acted_by, null as seconded_by, null as act,
    'joined to ' || string_agg(n.identifiers || ' ' || n.kind, ', ' order by n.identifiers desc, n.kind) as detail
  from identifiers h
  join neighbours n using (identifier_key)
  group by all
),
matters as (
  from decided
  union all
  from hubs
)
select
  state,
  area,
  identifier,
  other as "with",
  acted_by as "by",
  seconded_by as "seconded by",
  strftime(since, '%Y-%m-%d %H:%M') as since,
  date_diff('day', since, getvariable('now')) as "days old",
  detail,
  act
from matters
where getvariable('area') is null or area = getvariable('area')
order by list_position(['waiting', 'linked', 'unlinked', 'hub'], state), since nulls last, identifier, "with"
