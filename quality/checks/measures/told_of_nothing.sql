-- One row per source: how many of its events are about an event that the case does not have.
-- reads: observed, events
select
  a.source as subject, null::date as period, count(*) as n, count(*) filter (d.event_id is null) as k, k / n as value
from observed a
left join (select distinct case_key, event_id from events where standing = 'stands') d
  on d.case_key = a.case_key and d.event_id = a.about
where a.about is not null
group by a.source
having n >= 20
