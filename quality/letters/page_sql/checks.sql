-- One row per check in the latest round: how many of its subjects failed, and the worst of them.
-- reads: last_results
select
  check_name, count(*) as subjects, count(*) filter (not passed) as failing,
  coalesce(arg_max(subject, observed / at_most) filter (not passed), any_value(subject) filter (not passed)) as worst_subject,
  arg_max(observed, observed / at_most) filter (not passed) as observed,
  arg_max(at_most, observed / at_most) filter (not passed) as at_most,
  arg_max(worst_period, observed / at_most) filter (not passed) as worst_period,
  arg_max(events_seen, observed / at_most) filter (not passed) as events_seen,
  (list(subject order by observed / at_most desc nulls last, subject) filter (not passed))[1:10] as failing_subjects,
  max(observed / at_most) filter (not passed) as times_over
from last_results
group by check_name
order by failing = 0, times_over desc nulls first, check_name
