-- Which checks fail?
-- One row per result of a check: what was found for a subject, what it should be at most, and what to do.
-- needs: results
select
  check_name, subject, round(observed, 4) as observed, at_most, worst_period, failed_periods, periods, at_fault, events_seen, passed,
  dimension, "do"
from results
order by place
