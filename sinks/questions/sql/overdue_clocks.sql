-- Which clocks are overdue?
-- One row per clock that has run past its limit and has not stopped; official standards first, then the most overdue.
-- $rows integer = 50: rows at most
select case_id, standard, title, owner, started_at, due_at, overdue, unit, confirmed, local
from clocks
where state = 'overdue'
order by local, not confirmed, unit, overdue desc
limit $rows;
