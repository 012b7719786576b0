-- One row per check that failed for an agency in a month: its worst result, the worst of all first.
-- reads: attributed
select
  check_name, subject, observed, at_most, events_seen, periods, failed_periods, worst_period,
  count(*) over (partition by check_name) as subjects
from (select distinct * exclude (source) from attributed)
where month = getvariable('month') and agency = getvariable('agency') and not passed
qualify row_number() over (partition by check_name order by observed / at_most desc nulls last, events_seen desc, subject) = 1
order by observed / at_most desc nulls last, events_seen desc, check_name
