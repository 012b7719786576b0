-- One row per decision that the victim is to be told of. What else is shown of it stands in its event.
select position, agency, type, decision, decided_at, told_at, told_by, channel, lag_seconds, class
from tellings
where case_id = $case_id
order by position
