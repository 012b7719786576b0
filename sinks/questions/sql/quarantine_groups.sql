-- One row per reason and source in quarantine, the most open records first.
select
  open,
  discarded,
  reason,
  source,
  array_to_string(list_transform(assigned, lambda one: one.to || ': ' || one.records), ', ') as "assigned to",
  strftime(first_received_at, '%Y-%m-%d %H:%M') as "oldest",
  date_diff('day', first_received_at, getvariable('now')) as "days old",
  strftime(last_received_at, '%Y-%m-%d %H:%M') as "last read",
  newest_id as "newest id"
from quarantine_groups
