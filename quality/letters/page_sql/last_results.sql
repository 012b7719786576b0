-- One row per result of the latest round: the last run of each desk.
-- reads: quality_results
create or replace temp table last_results as
select q.*
from quality_results q
join (select source, arg_max(run_id, (as_of, checked_at, run_id)) as run_id from quality_results group by source) using (source, run_id)
