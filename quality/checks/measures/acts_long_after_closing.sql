-- One row per agency: how many of its events, in cases that it closed, happened two weeks after that or more.
-- reads: observed, closings
select
  e.agency as subject, null::date as period, count(*) as n,
  count(*) filter (e.earliest_at > c.closed_at + interval 14 day) as k, k / n as value
from observed e
join closings c using (case_key, agency)
group by e.agency
having n >= 50
