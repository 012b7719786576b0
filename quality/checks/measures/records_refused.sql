-- One row per source: how many of its records stand in quarantine.
-- reads: observed, quarantined
with turned_away as (
  select coalesce(source, 'unknown source') as source, count(*) as refused from quarantined where reason <> 'conflict' group by all
),
kept as (
  select source, count(*) as events from observed group by source
)
select
  source as subject, null::date as period, coalesce(refused, 0) as k, coalesce(events, 0) + k as n, k / n as value
from kept full join turned_away using (source)
-- of few records one is no share; what names no source of ours counts by itself
where events + k >= 50 or (events is null and k >= 3)
