-- One row per source and month: the median time from happening to being written down, in times of what it is in its other months.
-- reads: observed
with months as (
  select source, month, count(*) as n, median(epoch(recorded_at) - epoch(occurred_at)) as seconds
  from observed
  where occurred_precision = 'instant' and recorded_at is not null and not is_backlog
  group by all
  having n >= 30
)
select m.source as subject, m.month as period, m.n, null::bigint as k,
  (m.seconds + 3600) / (median(o.seconds) + 3600) as value
from months m
join months o on o.source = m.source and o.month <> m.month
group by m.source, m.month, m.n, m.seconds
having count(*) >= 5
