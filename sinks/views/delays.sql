-- One row per pair of agencies: how long handoffs between them took, those not received counted as censored.
create or replace view delays as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
durations as (
  select
    case_key, from_agency, to_agency, held_seconds, sent_at,
    received_at is null or coalesce(received_at > asked.as_of, false) as is_censored,
    -- what arrived or ended after `as_of` is counted to it
    if(
      coalesce(received_at <= asked.as_of, received_at is not null), limbo_seconds,
      greatest((epoch_us(coalesce(least(ended_at, asked.as_of), asked.as_of)) - epoch_us(sent_at)) / 1e6, 0)
    ) as seconds
  from handoff_facts
  cross join asked
  where coalesce(sent_at <= asked.as_of, true)
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
),
pairs as (
  select
    d.from_agency, d.to_agency,
    count(distinct d.case_key) as cases,
    count(*) as handoffs,
    any_value(q.median) as median,
    any_value(q.p90) as p90,
    count(*) filter (d.is_censored) as censored,
    median(d.held_seconds) as held_median,
    date_trunc('month', min(d.sent_at))::date as first_month,
    date_trunc('month', max(d.sent_at))::date as last_month
  from durations d
  join quantiles q using (from_agency, to_agency)
  group by d.from_agency, d.to_agency
),
-- both agencies of a pair, over the months from its first handoff to its last
covered as (
  select
    p.from_agency, p.to_agency, c.agency,
    -- rounded: what is published is compared with what it is later, to the last digit
    round(
      sum(c.events) / sum(c.events + c.missing + c.refused + c.in_conflict)
        * (1 - coalesce(sum(c.undated) / nullif(sum(c.rests_on), 0), 0)),
      6
    ) as coverage,
    any_value(c.threshold) as threshold
  from pairs p
  join coverage c
    on c.agency in (p.from_agency, p.to_agency) and c.figure = 'delays' and c.period between p.first_month and p.last_month
  group by p.from_agency, p.to_agency, c.agency
),
-- the agency of which least is there
least_covered as (
  select
    from_agency, to_agency, min(coverage) as coverage,
    arg_min(agency, (coverage, agency)) filter (coverage < threshold) as agency,
    min(coverage) filter (coverage < threshold) as below,
    any_value(threshold) as threshold
  from covered
  group by from_agency, to_agency
)
select
  from_agency,
  to_agency,
  p.cases,
  p.handoffs,
  if(c.below is null, p.median, null) as median,
  if(c.below is null, p.p90, null) as p90,
  p.censored,
  if(c.below is null, p.held_median, null) as held_median,
  c.coverage,
  if(
    c.below is null, null,
    concat(
      'Of what ', c.agency, ' should have published, ', floor(100 * c.below)::integer, '% is there; ',
      round(100 * c.threshold)::integer, '% is needed.'
    )
  ) as withheld
from pairs p
left join least_covered c using (from_agency, to_agency);
comment on view delays is 'One row per pair of agencies: how long handoffs between them took (Kaplan-Meier), those not received counted as censored.';
comment on column delays.from_agency is 'Agency that gave.';
comment on column delays.to_agency is 'Agency that took, or was sent to.';
comment on column delays.cases is 'Cases with such a handoff.';
comment on column delays.handoffs is 'Handoffs, received or not.';
comment on column delays.median is 'Seconds after which half are received; null if not half ever are, or if it is withheld.';
comment on column delays.p90 is 'Seconds after which nine in ten are received; null if never so many are, or if it is withheld.';
comment on column delays.censored is 'Handoffs not received by `as_of`.';
comment on column delays.held_median is 'Median of the seconds that the giver had held the case before, where known; null if it is withheld.';
comment on column delays.coverage is 'Share of 1 of what the agency of the two that is worse off should have published and is there, from the month of the first of these handoffs to that of the last; see `coverage`.';
comment on column delays.withheld is 'Why median, p90 and held_median are not shown; null where they are.';
