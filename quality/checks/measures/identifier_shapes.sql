-- One row per source and kind of identifier: how many of its values have another shape than nearly all (digits 9, letters A).
-- reads: observed
with shapes as (
  select
    source, i.kind as kind,
    regexp_replace(regexp_replace(i.value, '[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g') as shape, count(*) as events
  from (select source, unnest(identifiers) as i from observed)
  -- pseudonyms are any mix of digits and letters
  where i.kind <> 'victim_ref'
  group by all
)
select
  concat_ws(' ', source, kind) as subject, null::date as period, sum(events)::bigint as n, n - max(events) as k, k / n as value
from shapes
group by all
having n >= 30
