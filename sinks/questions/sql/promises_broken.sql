-- Which promises were broken?
-- One row per promise to the victim, or request of the victim or the advocate, that was answered late or not at all.
-- $rows integer = 50: rows at most
select case_id, kind, agency, unit, occurred_at, due_at, answered_at, state, reference
from contacts
where kind in ('promised', 'requested') and state in ('broken', 'late')
order by state, due_at
limit $rows;
