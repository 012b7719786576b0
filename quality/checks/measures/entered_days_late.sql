-- One row per source: how many of its events were written down more than a week after they happened.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (recorded_at > occurred_at + interval 7 day) as k, k / n as value
from observed
where occurred_precision = 'instant' and recorded_at is not null and not is_backlog
group by source
having n >= 30
