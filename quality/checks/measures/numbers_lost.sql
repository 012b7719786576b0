-- One row per source: how many of its events carry no number, where it numbers others.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (try_cast(sequence as bigint) is null) as k, k / n as value
from observed
group by source
having count(sequence) > 0
