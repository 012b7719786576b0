-- Why are records in quarantine, how old are they, and who sees to them?
-- One row per reason and source in quarantine, the most open records first.
-- $now time: to which the days are counted
-- needs: quarantine_groups
select
  open,
  discarded,
  reason,
  source,
  array_to_string(list_transform(assigned, lambda one: one.to || ': ' || one.records), ', ') as "assigned to",
  strftime(first_received_at, '%Y-%m-%d %H:%M') as "oldest",
  date_diff('day', first_received_at, $now) as "days old",
  strftime(last_received_at, '%Y-%m-%d %H:%M') as "last read"
from quarantine_groups
