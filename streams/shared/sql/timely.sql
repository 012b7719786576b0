-- One row per case for which the passing of time from `since` to `as_of` may raise or end an alert; `moment` is when first.
-- reads: clock_facts, pause_facts, handoff_facts, contact_facts, telling_facts, contradiction_facts, events, alert_rules; variables: since, as_of, most
create or replace temp table timely_cases as
with moments as (
  select case_key, unnest([started_at, due_latest, paused_since, stopped_at]) as moment
  from clock_facts
  where due_at is not null
  union all
  select case_key, unnest([from_at, due_latest, to_at]) from pause_facts where due_at is not null
  union all
  select
    f.case_key, unnest([f.sent_at + to_microseconds((r.days * 86400000000)::bigint), f.received_at, f.ended_at])
  from handoff_facts f
  join alert_rules r on r.kind = 'limbo_unacknowledged'
  union all
  select case_key, unnest([occurred_at, due_at, answered_at])
  from contact_facts
  where kind in ('promised', 'requested')
  union all
  select
    f.case_key,
    unnest([
      e.occurred_at, coalesce(e.effect_at, e.occurred_at + to_microseconds((r.days * 86400000000)::bigint)), f.told_at
    ])
  from telling_facts f
  join events e on e.event_key = f.event_key and e.case_key = f.case_key
  join alert_rules r on r.kind = 'decision_not_told'
  union all
  select case_key, unnest([from_at, to_at]) from contradiction_facts
),
passed as (
  select case_key, min(moment) as moment
  from moments
  where moment <= getvariable('as_of') and (moment >= getvariable('since') or getvariable('since') is null)
  group by case_key
)
-- as many as can be looked at in one go, and all of one moment
select case_key, moment
from passed
qualify rank() over (order by moment) <= getvariable('most');
