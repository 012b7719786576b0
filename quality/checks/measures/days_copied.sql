-- One row per source, and for all sources together, and day of recording: how many of its events say again what another says.
-- reads: observed
select
  coalesce(source, 'all sources') as subject, recorded_at::date as period, count(*) as n,
  count(*) filter (copy > 1) as k, k / n as value
from observed
where occurred_precision = 'instant' and recorded_at is not null
group by grouping sets ((source, recorded_at::date), (recorded_at::date))
having n >= 20
