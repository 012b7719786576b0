-- One row per agency and month: how far the share of steps that it took in a case after closing it left its usual share.
-- reads: observed, effects
with closed as (
  select e.case_key, e.agency, min(e.occurred_at) as closed_at
  from observed e
  join effects f on f.type = e.type and f.effect = 'closes' and (f.when_decision is null or f.when_decision = e.decision)
  group by all
),
counted as (
  select e.agency as subject, e.month as period, count(*) as n, count(*) filter (e.occurred_at > c.closed_at) as k
  from observed e
  left join closed c using (case_key, agency)
  group by all
)
from share_drift('counted')
