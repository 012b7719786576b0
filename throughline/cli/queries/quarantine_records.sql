-- One row per record in quarantine of one reason, in the order in which it was read.
select
  quarantine_id as id,
  origin || ':' || position as "where",
  field,
  detail as "what was expected",
  source,
  event_id as event,
  type
from quarantine
where reason = getvariable('reason')
order by origin, position, id
limit getvariable('most')
