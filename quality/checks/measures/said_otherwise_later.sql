-- One row per source and type that happens once: of the cases in two folders or more, in how many the first record of each differs in its decision.
-- reads: deliveries, events, happens_once
with said as (
  select
    e.source, e.type, e.case_key, regexp_extract(d.origin, '^(.*)/[^/]*$', 1) as place,
    arg_min(coalesce(e.decision, ''), (d.origin, d.position)) as decision
  from deliveries d
  join events e using (area, source, event_id)
  where e.standing = 'stands' and len(e.identifier_keys) > 0 and e.type in (select type from happens_once)
  group by all
),
cases_said as (
  select source, type, case_key, count(*) as places, count(distinct decision) as decisions from said group by all
)
select
  concat_ws(' ', source, type) as subject, null::date as period, count(*) as n, count(*) filter (decisions > 1) as k,
  k / n as value
from cases_said
where places > 1
group by source, type
having n >= 50
