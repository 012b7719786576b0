-- One row per source of an agency that works in office hours: how many of its events happened outside them, by local time.
-- reads: observed, office_agencies
select
  e.source as subject, null::date as period, count(*) as n,
  count(*) filter (
    hour(e.occurred_at at time zone 'UTC' at time zone getvariable('zone')) not between 7 and 18
  ) as k,
  k / n as value
from observed e
join office_agencies using (agency)
where e.occurred_precision = 'instant'
group by e.source
having n >= 30
