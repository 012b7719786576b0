-- One row: the identifier $key, what it is joined to by kind, whether $other is among that, and its case.
-- reads: edges, identifiers, identifier_kinds, case_facts, events
with neighbours as (
  select right_key as neighbour from edges where left_key = $key
  union
  select left_key from edges where right_key = $key
),
counted as (
  select i.kind, count(*) as identifiers
  from neighbours n
  join identifiers i on i.identifier_key = n.neighbour
  group by i.kind
)
select
  i.is_hub,
  k.hub_limit,
  coalesce((select list({kind: kind, identifiers: identifiers} order by kind) from counted), []),
  $other in (from neighbours),
  'c' || lpad(lower(to_hex(c.case_key)), 16, '0'),
  c.opened_at,
  c.last_at,
  c.state,
  coalesce(c.holder_agency || coalesce(' ' || c.holder_unit, ''), 'awaiting ' || c.awaiting_agency),
  c.events,
  c.handoffs,
  coalesce((select list_sort(list(distinct e.agency)) from events e where e.case_key = c.case_key), []),
  coalesce(c.identifiers, [])
from identifiers i
join identifier_kinds k using (kind)
left join case_facts c on c.case_key = i.case_key and not i.is_hub
where i.identifier_key = $key
