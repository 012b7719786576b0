-- One row per agency: how many of its decisions the victim was told of before they were made.
-- reads: telling_facts, observed
select
  e.agency as subject, null::date as period, count(*) as n,
  count(*) filter (last_moment(t.told_at, t.told_precision) < e.earliest_at - interval 1 minute) as k, k / n as value
from telling_facts t
join observed e using (event_key)
where t.told_at is not null
group by e.agency
having n >= 20
