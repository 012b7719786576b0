-- One row per pair of agencies: how long handoffs between them took, those not received counted as censored.
create or replace view delays as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(last_at)) as as_of from case_facts
),
durations as (
  select
    case_key, from_agency, to_agency, held_seconds,
    received_at is null as is_censored,
    coalesce(
      limbo_seconds,
      greatest((epoch_us(coalesce(ended_at, asked.as_of)) - epoch_us(sent_at)) / 1e6, 0)
    ) as seconds
  from handoff_facts
  cross join asked
),
at_times as (
  select
    from_agency, to_agency, seconds,
    count(*) filter (not is_censored) as received,
    count(*) as ended
  from durations
  group by from_agency, to_agency, seconds
),
survival as (
  -- Kaplan-Meier: of those still at risk at each duration, the share not yet received
  select
    *,
    product(1 - received / at_risk) over (
      partition by from_agency, to_agency order by seconds rows between unbounded preceding and current row
    ) as not_yet
  from (
    select *, sum(ended) over (partition by from_agency, to_agency order by seconds desc) as at_risk
    from at_times
  )
),
quantiles as (
  select
    from_agency, to_agency,
    -- a share is a product of fractions: a hair above one half is one half
    min(seconds) filter (not_yet <= 0.5 + 1e-9) as median,
    min(seconds) filter (not_yet <= 0.1 + 1e-9) as p90
  from survival
  group by from_agency, to_agency
)
select
  d.from_agency,
  d.to_agency,
  count(distinct d.case_key) as cases,
  count(*) as handoffs,
  any_value(q.median) as median,
  any_value(q.p90) as p90,
  count(*) filter (d.is_censored) as censored,
  median(d.held_seconds) as held_median
from durations d
join quantiles q using (from_agency, to_agency)
group by d.from_agency, d.to_agency;
comment on view delays is 'One row per pair of agencies: how long handoffs between them took (Kaplan-Meier), those not received counted as censored.';
comment on column delays.from_agency is 'Agency that gave.';
comment on column delays.to_agency is 'Agency that took, or was sent to.';
comment on column delays.cases is 'Cases with such a handoff.';
comment on column delays.handoffs is 'Handoffs, received or not.';
comment on column delays.median is 'Seconds after which half are received; null if not half ever are.';
comment on column delays.p90 is 'Seconds after which nine in ten are received; null if never so many are.';
comment on column delays.censored is 'Handoffs not received by `as_of`.';
comment on column delays.held_median is 'Median of the seconds that the giver had held the case before, where known.';
