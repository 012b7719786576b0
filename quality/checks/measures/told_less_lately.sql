-- One row per agency: how far the share of decisions nobody told the victim, in the last quarter that could be told, left that before.
-- reads: telling_facts, observed
with counted as (
  select e.agency as subject, e.occurred_at, t.told_at is null as is_at_fault
  from telling_facts t
  join observed e using (event_key)
  where e.occurred_at < getvariable('as_of') - interval 30 day
)
from lately('counted')
