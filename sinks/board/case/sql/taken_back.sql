-- One row per event of the case that its source took back. Of all events: one that was taken back belongs to no case.
select occurred_at, occurred_precision, received_at, agency, unit, type
from memory.main.revisions
where case_id = $case_id and standing = 'retraction'
order by occurred_at, type
