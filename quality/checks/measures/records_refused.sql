-- One row per source: how many of its records stand in quarantine.
-- reads: observed, quarantined
with refused as (
  select coalesce(source, 'unknown source') as source, count(*) as k from quarantined where reason <> 'conflict' group by all
),
kept as (
  select source, count(*) as events from observed group by source
)
select
  source as subject, null::date as period, coalesce(events, 0) + coalesce(k, 0) as n, coalesce(k, 0) as k, k / n as value
from kept full join refused using (source)
-- of few records one is no share; what names no source of ours counts by itself
where events + coalesce(k, 0) >= 50 or (events is null and k >= 3)
