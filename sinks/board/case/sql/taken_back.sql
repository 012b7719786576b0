-- One row per event of the case that its source took back.
select occurred_at, occurred_precision, received_at, agency, unit, type
from revisions
where case_id = $case_id and standing = 'retraction'
order by occurred_at, type
