-- Which cases has nobody touched for long?
-- One row per open case without an event for so many days, the longest first.
-- $days integer = 60: days without an event
-- $rows integer = 50: rows at most
select c.case_id, c.holder_agency, max(t.occurred_at) as last_event
from cases c
join timeline t using (case_id)
where c.closed_at is null
group by all
having date_diff('day', max(t.occurred_at), (select max(occurred_at) from timeline)) >= $days
order by last_event, c.case_id
limit $rows
