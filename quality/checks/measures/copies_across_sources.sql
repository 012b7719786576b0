-- One row per source: how many of its events another source of the agency publishes as well.
-- reads: observed
with told as (
  select
    source,
    min(source) over same <> max(source) over same as is_twofold
  from observed
  where occurred_precision = 'instant'
  window same as (
    partition by area, agency, type, unit, occurred_at, case_key, decision, reason, reference, answers, channel, data
  )
)
select source as subject, null::date as period, count(*) as n, count(*) filter (is_twofold) as k, k / n as value
from told
group by source
having n >= 20
