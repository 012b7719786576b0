-- One row per source: how many of its contacts were made by the channel that it states most.
-- reads: observed
with stated as (
  select source, channel, count(*) as events from observed where channel is not null group by all
)
select
  source as subject, null::date as period, sum(events)::bigint as n, max(events)::bigint as k, k / n as value
from stated
group by source
having n >= 50
