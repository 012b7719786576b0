-- One row per case for which the passing of time from `since` to `as_of` may raise or end an alert; `moment` is when first.
-- reads: clock_facts, handoff_facts, contact_facts, telling_facts, events, alert_rules; variables: since, as_of, most
create or replace temp table timely_cases as
with moments as (
  select case_key, due_latest as moment from clock_facts where stopped_at is null and due_at is not null
  union all
  select case_key, paused_since from clock_facts where stopped_at is null and paused_since is not null
  union all
  select f.case_key, f.sent_at + to_microseconds((r.days * 86400000000)::bigint)
  from handoff_facts f
  join alert_rules r on r.kind = 'limbo_unacknowledged'
  where f.received_at is null and f.ended_at is null
  union all
  select case_key, due_at from contact_facts where kind in ('promised', 'requested') and answered_at is null
  union all
  select f.case_key, coalesce(e.effect_at, e.occurred_at + to_microseconds((r.days * 86400000000)::bigint))
  from telling_facts f
  join events e on e.event_key = f.event_key and e.case_key = f.case_key
  join alert_rules r on r.kind = 'decision_not_told'
  where f.class = 'not_told'
),
passed as (
  select case_key, min(moment) as moment
  from moments
  where moment < getvariable('as_of') and (moment >= getvariable('since') or getvariable('since') is null)
  group by case_key
)
-- as many as can be looked at in one go, and all of one moment
select case_key, moment
from passed
qualify rank() over (order by moment) <= getvariable('most');
