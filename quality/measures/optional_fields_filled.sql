-- One row per source and month: how far the share of fields stated, of those it may leave out and mostly does not, left its usual share.
-- reads: observed
with stated as (
  unpivot (
    select
      source, type, month, unit is not null as unit, decision is not null as decision, reason is not null as reason,
      reference is not null as reference, answers is not null as answers, about is not null as about,
      due_at is not null as due_at, effect_at is not null as effect_at, channel is not null as channel,
      victim is not null as victim, officer is not null as officer, recorded_at is not null as recorded_at
    from observed
  )
  on unit, decision, reason, reference, answers, about, due_at, effect_at, channel, victim, officer, recorded_at
  into name field value is_stated
),
customary as (
  select source, type, field
  from stated
  group by all
  -- one that is always stated is required, or as good as
  having count(*) >= 20 and avg(is_stated::int) between 0.3 and 0.995
),
counted as (
  select source as subject, month as period, count(*) as n, count(*) filter (is_stated) as k
  from stated
  semi join customary using (source, type, field)
  group by all
)
from share_drift('counted')
