-- One row per source and month: how far the share of decisions that are the most usual of their type left its usual share.
-- reads: observed
with modes as (
  select source, type, decision as usual
  from observed
  where decision is not null
  group by source, type, decision
  -- of two that are as usual the lesser: the order in which events came says nothing
  qualify row_number() over (partition by source, type order by count(*) desc, decision) = 1
    and sum(count(*)) over (partition by source, type) >= 20 and count(*) over (partition by source, type) > 1
),
counted as (
  select e.source as subject, e.month as period, count(*) as n, count(*) filter (e.decision = m.usual) as k
  from observed e
  join modes m using (source, type)
  where e.decision is not null
  group by all
)
from share_drift('counted')
