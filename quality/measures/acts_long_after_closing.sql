-- One row per agency: how many of its events, in cases that it closed, happened two weeks after that or more.
-- reads: observed, effects
with closed as (
  select e.case_key, e.agency, min(e.occurred_at) as closed_at
  from observed e
  join effects f on f.type = e.type and f.effect = 'closes' and (f.when_decision is null or f.when_decision = e.decision)
  group by all
)
select
  e.agency as subject, null::date as period, count(*) as n,
  count(*) filter (e.occurred_at > c.closed_at + interval 14 day) as k, k / n as value
from observed e
join closed c using (case_key, agency)
group by e.agency
having n >= 50
