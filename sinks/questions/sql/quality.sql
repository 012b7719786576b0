-- Which checks fail?
-- One row per result of a check: what was found for a subject, what it should be at most, and what to do.
-- needs: results
-- spare: passed, dimension, events_seen, at_fault, periods, failed_periods, worst_period
select
  "check" as check_name, subject, round(observed, 4) as observed, at_most, period as worst_period, failed as failed_periods, periods, at_fault,
  events as events_seen, success as passed, dimension, "do"
from results
order by place
