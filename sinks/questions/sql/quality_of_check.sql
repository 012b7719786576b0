-- What did one check find in each run?
-- One row per run and subject of one check, the latest run first.
-- $check text: the name of the check
select run_id, checked_at, subject, passed, round(observed, 4) as observed, at_most, worst_period, failed_periods, periods, events_seen
from quality_results
where check_name = $check
order by checked_at desc, run_id, passed, subject
