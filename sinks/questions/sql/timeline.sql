-- What happened in a case?
-- One row per event of the cases named, in order, as a person reads it.
-- $case_ids texts: the ids of the case, or of the cases that it was
select
  position as "#",
  -- a day or month is shown as such, never as a midnight
  left(
    strftime(occurred_at, '%Y-%m-%d %H:%M'), case occurred_precision when 'instant' then 16 when 'day' then 10 else 7 end
  ) as "when (UTC)",
  concat_ws(' ', agency, unit) as who,
  summary || case when reason is null or contains(summary, reason) then '' else ': ' || reason end as what,
  left(strftime(told_at, '%Y-%m-%d %H:%M'), case told_precision when 'instant' then 16 when 'day' then 10 else 7 end)
    as "victim told",
  case when date_diff('day', occurred_at, recorded_at) > 1 then date_diff('day', occurred_at, recorded_at) || ' days later' end
    as "written down"
from timeline
where case_id in (select unnest($case_ids::varchar[]))
order by case_id, position
