-- What happened in a case?
-- One row per event of the cases named, in order, as a person reads it; last, what its source took back.
-- $case_ids texts: the ids of the case, or of the cases that it was
with shown as (
  select * from timeline where case_id in (select unnest($case_ids::varchar[]))
),
taken_back as (
  select * from revisions where standing = 'retraction' and case_id in (select unnest($case_ids::varchar[]))
),
together as (
  select
    case_id, position, occurred_at, occurred_precision, concat_ws(' ', agency, unit) as who,
    concat(
      summary, case when reason is null or contains(summary, reason) then '' else ': ' || reason end,
      if(revised, ' (revised)', '')
    ) as what,
    told_at, told_precision, recorded_at
  from shown
  union all
  select
    case_id, null, occurred_at, occurred_precision, concat_ws(' ', agency, unit), 'taken back: ' || coalesce(type, 'an event'), null, null,
    recorded_at
  from taken_back
)
select
  position as "#",
  shown_time(occurred_at, occurred_precision) as "when (UTC)",
  who,
  what,
  shown_time(told_at, told_precision) as "victim told",
  case when date_diff('day', occurred_at, recorded_at) > 1 then date_diff('day', occurred_at, recorded_at) || ' days later' end
    as "written down"
from together
order by case_id, position nulls last, occurred_at, what
