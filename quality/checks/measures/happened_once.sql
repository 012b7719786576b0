-- One row per source and type that happens once in a case: how many of the records in one folder are beyond the first of their case.
-- reads: deliveries, events, happens_once
with told as (
  select e.source, e.type, e.case_key, regexp_extract(d.origin, '^(.*)/[^/]*$', 1) as place, count(*) as records
  from deliveries d
  join events e using (area, source, event_id)
  where e.standing = 'stands' and len(e.identifier_keys) > 0 and e.type in (select type from happens_once)
  group by all
)
select
  concat_ws(' ', source, type) as subject, null::date as period, sum(records)::bigint as n,
  sum(records - 1)::bigint as k, k / n as value
from told
group by source, type
having n >= 50
