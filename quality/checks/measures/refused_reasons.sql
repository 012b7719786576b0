-- One row per source and reason for refusing: how many of its records, in a thousand.
-- reads: observed, quarantined
select
  concat_ws(' ', q.source, q.reason) as subject, null::date as period, any_value(e.events) + count(*) as n, count(*) as k,
  1000 * k / n as value
from quarantined q
join (select source, count(*) as events from observed group by source) e using (source)
where q.reason <> 'conflict'
group by q.source, q.reason
having n >= 50
