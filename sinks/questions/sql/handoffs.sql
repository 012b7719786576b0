-- Which handoffs were there, and how long did each take?
-- One row per handoff, the longest in limbo first; one not received is counted to the latest event.
select
  case_id as "case",
  concat_ws(' ', from_agency, from_unit) as "from",
  concat_ws(' ', to_agency, to_unit) as "to",
  kind,
  -- a day or month is shown as such, never as a midnight
  left(strftime(sent_at, '%Y-%m-%d %H:%M'), case sent_precision when 'instant' then 16 when 'day' then 10 else 7 end)
    as sent,
  coalesce(
    left(
      strftime(received_at, '%Y-%m-%d %H:%M'),
      case received_precision when 'instant' then 16 when 'day' then 10 else 7 end
    ),
    'never'
  ) as received,
  round(coalesce(limbo_seconds, waiting_seconds) / 86400, 1) as "days in limbo",
  round(held_seconds / 86400, 1) as "days held before",
  reason
from handoffs
order by "days in limbo" desc, "case", sent
