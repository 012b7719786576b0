-- Of which decisions was the victim never told?
-- One row per decision of which no event says that the victim was told; the oldest first.
-- $rows integer = 50: rows at most
select case_id, agency, type, decision, decided_at, effect_at, event_id
from tellings
where class = 'not_told'
order by decided_at
limit $rows;
