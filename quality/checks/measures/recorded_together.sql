-- One row per source: how many of its events were written down in the same second as one of another case.
-- reads: observed
with written as (
  select
    source,
    min(case_key) over moment <> max(case_key) over moment as is_shared
  from observed
  where recorded_at is not null and not is_backlog
  window moment as (partition by source, date_trunc('second', recorded_at))
)
select source as subject, null::date as period, count(*) as n, count(*) filter (is_shared) as k, k / n as value
from written
group by source
having n >= 20
