-- Which handoffs were there, and how long did each take?
-- One row per handoff, the longest in limbo first; one not received is counted to the latest event.
-- spare: days held before, kind
select
  case_id as "case",
  concat_ws(' ', from_agency, from_unit) as "from",
  concat_ws(' ', to_agency, to_unit) as "to",
  kind,
  shown_time(sent_at, sent_precision) as sent,
  coalesce(shown_time(received_at, received_precision), 'never') as received,
  round(coalesce(limbo_seconds, waiting_seconds) / 86400, 1) as "days in limbo",
  round(held_seconds / 86400, 1) as "days held before",
  reason
from handoffs
order by "days in limbo" desc, "case", sent
