-- One row per check and day that runs asked as of (the last thirty): how many of its subjects failed then.
-- reads: quality_results
with runs as (
  select as_of::date as day, source, arg_max(run_id, (checked_at, run_id)) as run_id from quality_results group by all
),
days as (
  select distinct day from runs order by day desc limit 30
)
select q.check_name, r.day, count(*) filter (not q.passed) as failing
from quality_results q
join runs r on r.run_id = q.run_id and r.source = q.source
semi join days d on d.day = r.day
group by all
order by all
