-- One row per case: who holds it now, what it consists of, and what it is about.
-- reads: case_records, steps, holding_facts, handoff_facts, case_facets, identifiers, domain, backlog_runs
with spans as (
  select
    case_key, any_value(area) as area, min(occurred_at) as opened_at, max(occurred_at) as last_at,
    -- an event that was received before it happened is not believed to have: it moves no clock but those of its case
    max(occurred_at) filter (occurred_at <= received_at + to_days(d.ahead_days)) as reached_at,
    count(*)::integer as events
  from case_records
  cross join domain d
  group by case_key
),
last_steps as (
  select * from steps where next_event is null
),
handed as (
  select case_key, count(*)::integer as handoffs from handoff_facts group by case_key
),
named as (
  select case_key, list_sort(list(kind || ':' || value)) as identifiers
  from identifiers
  semi join cases_to_derive using (case_key)
  where not is_hub
  group by case_key
),
-- as most events came: by themselves
live as (
  select distinct case_key
  from case_records r
  anti join backlog_runs b on b.origin = r.origin and r.position between b.first_position and b.last_position
),
about as (
  select
    case_key,
    list({'facet': facet, 'value': value, 'stated_at': stated_at} order by position, facet) as facets
  from case_facets
  group by case_key
)
select
  s.case_key,
  s.area,
  coalesce(n.identifiers, []) as identifiers,
  s.opened_at,
  case when l.effect = 'closes' then l.occurred_at end as closed_at,
  case
    when l.effect is null then 'unknown'
    when l.effect = 'closes' then 'closed'
    when l.effect = 'sends' then 'limbo'
    else 'held'
  end as state,
  case when l.keeps then l.agency end as holder_agency,
  case when l.keeps then h.unit end as holder_unit,
  case when l.effect = 'sends' then l.target end as awaiting_agency,
  case when l.keeps then h.from_at else l.occurred_at end as holder_since,
  s.events,
  coalesce(d.handoffs, 0) as handoffs,
  s.last_at,
  a.facets,
  s.reached_at,
  if(v.case_key is null, true, null) as backlog
from spans s
left join last_steps l using (case_key)
left join holding_facts h on h.case_key = l.case_key and h.position = l.holding
left join handed d on d.case_key = s.case_key
left join named n on n.case_key = s.case_key
left join about a on a.case_key = s.case_key
left join live v on v.case_key = s.case_key
