-- One row per run of the checks and check: whether it held for every subject, and the worst that was found.
-- reads: quality_results
select
  run_id, source, max(checked_at) over (partition by run_id, source) as checked_at, check_name, held, subjects, failing, observed, at_most
from (
  select
    run_id, source, check_name, max(checked_at) as checked_at, bool_and(passed) as held, count(*) as subjects,
    count(*) filter (not passed) as failing, arg_max(observed, observed / at_most) as observed,
    arg_max(at_most, observed / at_most) as at_most
  from quality_results
  group by all
)
order by checked_at, run_id, source, check_name
