-- One row per source and kind of identifier: the largest share of its events that one value is carried by.
-- reads: observed
with carried as (
  select source, i.kind as kind, i.value as value, count(*) as events
  from (select source, unnest(identifiers) as i from observed)
  group by all
)
select
  concat_ws(' ', source, kind) as subject, null::date as period, sum(events)::bigint as n, max(events) as k, k / n as value
from carried
group by all
having n >= 500
