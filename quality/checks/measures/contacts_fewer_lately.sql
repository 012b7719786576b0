-- One row per agency: how far the share of contacts promised or asked for and not answered, in the last quarter, left that before.
-- reads: contact_facts
with counted as (
  select agency as subject, occurred_at, answered_at is null as is_at_fault
  from contact_facts
  where kind in ('promised', 'requested') and occurred_at < getvariable('as_of') - interval 30 day
)
from lately('counted')
