-- What was linked and unlinked, what waits, and what may be wrong?
-- One row per matter of linking: a proposal that waits, a pair in doubt, a link or unlinking in force, a hub, a contradiction.
-- reads: link_acts, edges, identifiers, identifier_kinds, held_joins, plural_events, steward_links, events
-- $now time: to which the days are counted
-- $area text = null: the matters of one area
-- needs: edges
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
    if(state = 'waiting' and not names_a_person, 'cannot be seconded: names nobody', reason_code) as detail
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
contradictions as (
  -- several of a kind that stands once in a case
  select
    'contradictory' as state, i.area, min(i.kind || ':' || i.value) as identifier,
    array_to_string(list_sort(list(i.kind || ':' || i.value))[2:], ', ') as other, null::timestamp as since,
    null as acted_by, null as seconded_by, null as act,
    count(*) || ' ' || i.kind || ' in the case c' || lpad(lower(to_hex(i.case_key)), 16, '0') as detail
  from identifiers i
  join identifier_kinds k using (kind)
  where k.once and not i.is_hub
  group by i.case_key, i.area, i.kind
  having count(*) > 1
),
doubts as (
  -- of one kind, and of two cases: what joins nothing of another kind follows from it
  select
    'in doubt' as state, l.area, least(l.kind || ':' || l.value, r.kind || ':' || r.value) as identifier,
    greatest(l.kind || ':' || l.value, r.kind || ':' || r.value) as other, null::timestamp as since,
    null as acted_by, null as seconded_by, null as act,
    'several ' || any_value(l.kind) || ' in one event, and nothing else joins them: '
    || string_agg(distinct e.type, ', ' order by e.type) as detail
  from held_joins h
  join identifiers l on l.identifier_key = h.left_key
  join identifiers r on r.identifier_key = h.right_key and r.kind = l.kind and r.case_key <> l.case_key
  join plural_events pl on pl.identifier_key = h.left_key
  join plural_events pr on pr.event_key = pl.event_key and pr.identifier_key = h.right_key
  join events e on e.event_key = pl.event_key and e.standing = 'stands'
  anti join steward_links s on s.left_key = h.left_key and s.right_key = h.right_key
  group by l.area, identifier, other
),
matters as (
  from decided
  union all by name
  from doubts
  union all by name
  from hubs
  union all by name
  from contradictions
)
select
  state,
  area,
  identifier,
  other as "with",
  acted_by as "by",
  seconded_by as "seconded by",
  strftime(since, '%Y-%m-%d %H:%M') as since,
  date_diff('day', since, $now) as "days old",
  detail,
  act
from matters
where $area::varchar is null or area = $area::varchar
order by list_position(['waiting', 'in doubt', 'contradictory', 'linked', 'unlinked', 'hub'], state), since nulls last, identifier, "with"
