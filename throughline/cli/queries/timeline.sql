-- One row per event of the cases named, in order, as a person reads it.
select
  position as "#",
  case occurred_precision
    when 'instant' then strftime(occurred_at, '%Y-%m-%d %H:%M')
    when 'day' then strftime(occurred_at, '%Y-%m-%d')
    else strftime(occurred_at, '%Y-%m')
  end as "when (UTC)",
  concat_ws(' ', agency, unit) as who,
  summary || case when reason is null or contains(summary, reason) then '' else ': ' || reason end as what,
  case when told_at is not null then strftime(told_at, '%Y-%m-%d %H:%M') end as "victim told",
  case when date_diff('day', occurred_at, recorded_at) > 1 then date_diff('day', occurred_at, recorded_at) || ' days later' end
    as "written down"
from timeline
where case_id in (select unnest(getvariable('case_ids')))
order by case_id, position
