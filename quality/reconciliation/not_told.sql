-- One row per agency and month of deciding: decisions of which nobody told the victim.
-- reads: telling_facts, observed
select
  e.agency, e.type as subject, min(e.occurred_at)::date as from_day, max(e.occurred_at)::date as to_day,
  count(*) as expected, count(t.told_at) as found
from telling_facts t
join observed e using (event_key)
group by e.agency, e.type, date_trunc('month', e.occurred_at)
