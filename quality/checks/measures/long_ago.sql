-- One row per source: how many of its events happened more than a year before nearly all others of it.
-- reads: observed
select
  e.source as subject, null::date as period, count(*) as n,
  count(*) filter (e.occurred_at < f.early - interval 365 day) as k, k / n as value
from observed e
join (select source, quantile_disc(occurred_at, 0.05) as early from observed where not is_backlog group by source) f using (source)
where not e.is_backlog
group by e.source
