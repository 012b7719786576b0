-- One row per source: how many of the reasons that it gives are "other".
-- reads: observed
select
  source as subject, null::date as period, count(*) as n, count(*) filter (lower(reason) in ('other', 'otherwise', 'misc')) as k,
  k / n as value
from observed
where reason is not null
group by source
having n >= 30
