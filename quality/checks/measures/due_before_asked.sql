-- One row per source: how many of its events are due before they happened, or more than two years after.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (due_at < earliest_at - interval 1 day or due_at > latest_at + interval 730 day) as k, k / n as value
from observed
where due_at is not null
group by source
having n >= 20
