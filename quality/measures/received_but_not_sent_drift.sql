-- One row per receiving agency and month: how far the share of receipts of what nobody sent left its usual share.
-- reads: observed, effects, handoff_facts
with receipts as (
  select e.event_key, e.agency, e.month
  from observed e
  semi join (select type from effects where effect = 'receives') using (type)
),
counted as (
  select
    r.agency as subject, r.month as period, count(*) as n, count(*) filter (h.kind is null or h.kind = 'implied') as k
  from receipts r
  left join handoff_facts h on h.received_event = r.event_key
  group by all
)
from share_drift('counted')
