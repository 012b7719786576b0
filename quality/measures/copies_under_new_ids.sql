-- One row per source: how many of its events say what another of its events says, under another id.
-- reads: observed
with told as (
  select
    source, type,
    count(*) over (
      partition by
        source, area, type, unit, occurred_at, list_sort(identifiers), decision, reason, reference, answers, about,
        channel, data
    ) as copies
  from observed
  where occurred_precision = 'instant'
)
select source as subject, null::date as period, count(*) as n, count(*) filter (copies > 1) as k, k / n as value
from told
group by source
