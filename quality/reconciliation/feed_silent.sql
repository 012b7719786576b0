-- One row per source and area: the days since it last published, where that is over the limit of its own rhythm.
-- reads: observed, silent (subject), as_of
select
  min(agency) as agency, concat_ws(' ', source, area) as subject,
  max(coalesce(recorded_at, occurred_at))::date as from_day, getvariable('as_of')::date as to_day,
  date_diff('day', max(coalesce(recorded_at, occurred_at)), getvariable('as_of')::timestamp) as expected, 0 as found
from observed
where coalesce(recorded_at, occurred_at) <= getvariable('as_of')::timestamp
group by source, area
having subject in (select subject from silent)
