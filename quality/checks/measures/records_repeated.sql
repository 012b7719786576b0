-- One row per source: how many of the records received within one folder or topic say what an earlier one there said.
-- reads: deliveries
with told as (
  select area, source, event_id, regexp_extract(origin, '^(.*)/[^/]*$', 1) as place, count(*) as records
  from deliveries
  group by all
)
select source as subject, null::date as period, sum(records)::bigint as n, sum(records - 1)::bigint as k, k / n as value
from told
group by source
having n >= 50
