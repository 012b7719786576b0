-- One row per decision of which no event says that the victim was told; the oldest first.
select case_id, agency, type, decision, decided_at, effect_at, event_id
from tellings
where class = 'not_told'
order by decided_at
limit 50;
