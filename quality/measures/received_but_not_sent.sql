-- One row per receiving agency: how many of its receipts follow nothing that was sent to it.
-- reads: observed, effects, handoff_facts
with receipts as (
  select e.event_key, e.agency
  from observed e
  semi join (select type from effects where effect = 'receives') using (type)
)
select
  r.agency as subject, null::date as period, count(*) as n, count(*) filter (h.kind is null or h.kind = 'implied') as k,
  k / n as value
from receipts r
left join handoff_facts h on h.received_event = r.event_key
group by r.agency
