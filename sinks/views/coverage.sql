-- One row per agency, month and figure: how much of what the figure rests on is there, and whether that is enough.
create or replace view coverage as
with figure_types as (
  select distinct 'delays' as figure, type from effects
  union
  select 'contacts', type from event_types where contact is not null
  union
  select 'tellings', type from event_types where is_decision or contact = 'told'
  union
  select 'clocks', type from standard_events
),
-- a stated time finer than the coarsest that will do: the lesser the finer; several days count as a month, several months
-- as coarser than one
precisions as (
  from (values ('instant', 1), ('day', 2), ('days', 3), ('month', 3), ('months', 4)) p(precision, coarseness)
),
figures as (
  select f.figure, r.at_least, coalesce(p.coarseness, 3) as coarsest
  from (select distinct figure from figure_types) f
  left join figure_rules r using (figure)
  left join precisions p using (precision)
),
recorded as (
  select
    event_key, source, agency, type, occurred_precision, standing,
    date_trunc('month', coalesce(recorded_at, occurred_at))::date as period
  from dated_events
  where agency not in (select agency from agencies where role = 'steward')
    -- asked of an earlier day, what happened later is not expected yet
    and coalesce(occurred_at <= getvariable('as_of')::timestamp, true)
),
there as (
  select
    source, agency, period,
    count(*) filter (standing = 'stands') as events,
    count(distinct event_key) filter (standing = 'conflict') as in_conflict
  from recorded
  group by source, agency, period
),
-- numbers that are missing are laid out evenly over the time between the two events that they stand between
gap_months as (
  select *, unnest(generate_series(date_trunc('month', after_at), before_at, interval 1 month)) as month
  from sequence_gaps
  where coalesce(before_at <= getvariable('as_of')::timestamp, true)
),
gap_parts as (
  select
    source, agency, month::date as period,
    -- a sequence may jump by as much as a number can hold: beyond this it is no more to anybody
    least(numbers, 1e12) as numbers,
    epoch(before_at) - epoch(after_at) as span,
    epoch(greatest(month, after_at)) - epoch(after_at) as begins,
    epoch(least(month + interval 1 month, before_at)) - epoch(after_at) as ends
  from gap_months
),
gaps as (
  select
    source, agency, period,
    sum(if(span = 0, numbers, floor(numbers * ends / span) - floor(numbers * begins / span)))::bigint as missing
  from gap_parts
  group by source, agency, period
),
-- a record that was refused says nothing that can be relied on: it is of the time of what was read about then
refusals as (
  select q.source, q.origin, q.position, q.received_at, q.discarded
  from quarantine_states q
  where q.reason <> 'conflict'
),
-- the last of each hundred: the neighbour of a record needs no search among all that was ever read
read_about as (
  select
    origin, position // 100 as hundred,
    arg_max(source, position) as source,
    arg_max(agency, position) as agency,
    arg_max(coalesce(recorded_at, occurred_at), position) as recorded_at
  from dated_events
  where origin in (select origin from refusals)
  group by origin, hundred
),
speakers as (
  select source, min(agency) as agency from there group by source
),
refused as (
  select
    coalesce(r.source, b.source) as source,
    coalesce(s.agency, b.agency) as agency,
    date_trunc('month', coalesce(b.recorded_at, r.received_at))::date as period,
    count(*) filter (not r.discarded) as refused,
    count(*) filter (r.discarded) as discarded
  from refusals r
  asof left join read_about b on b.origin = r.origin and r.position // 100 >= b.hundred
  left join speakers s on s.source = r.source
  group by all
),
by_source as (
  select
    agency, period,
    coalesce(t.events, 0) as events,
    -- what was refused or discarded left a gap, too: it is counted once
    greatest(coalesce(g.missing, 0) - coalesce(r.refused, 0) - coalesce(r.discarded, 0), 0) as missing,
    coalesce(r.refused, 0) as refused,
    coalesce(t.in_conflict, 0) as in_conflict
  from there t
  full join gaps g using (source, agency, period)
  full join refused r using (source, agency, period)
  where agency is not null
),
by_agency as (
  select
    agency, period,
    sum(events)::bigint as events, sum(missing)::bigint as missing, sum(refused)::bigint as refused,
    sum(in_conflict)::bigint as in_conflict
  from by_source
  group by agency, period
  -- a month of which everything was discarded says nothing
  having sum(by_source.events + by_source.missing + by_source.refused + by_source.in_conflict) > 0
),
-- an agency with twenty events in its usual month has none by chance in one month of half a thousand million (Poisson)
usual as (
  select agency, quantile_disc(events, 0.5) as events from by_agency where events > 0 group by agency having events >= 20
),
reach as (
  select agency, any_value(u.events) as usual, min(period) as first, max(period) as last
  from by_agency a
  join usual u using (agency)
  where a.events * 5 >= u.events
  group by agency
),
expected_months as (
  select agency, usual, unnest(generate_series(first::timestamp, last::timestamp, interval 1 month))::date as period
  from reach
),
months as (
  select
    agency, period,
    coalesce(a.events, 0) as events,
    if(coalesce(a.events, 0) = 0, greatest(coalesce(a.missing, 0), coalesce(e.usual, 0)), a.missing) as missing,
    coalesce(a.refused, 0) as refused,
    coalesce(a.in_conflict, 0) as in_conflict,
    coalesce(a.events, 0) = 0 and e.usual is not null as is_silent
  from by_agency a
  full join expected_months e using (agency, period)
),
rested as (
  select
    f.figure, r.agency, r.period, count(*) as rests_on,
    count(*) filter (p.coarseness > f.coarsest) as undated
  from recorded r
  join figure_types t using (type)
  join figures f using (figure)
  join precisions p on p.precision = split_part(r.occurred_precision, ' ', -1)
  where r.standing = 'stands'
  group by f.figure, r.agency, r.period
),
shares as (
  select
    m.agency, m.period, f.figure, m.events, m.missing, m.refused, m.in_conflict, m.is_silent,
    coalesce(r.rests_on, 0) as rests_on,
    coalesce(r.undated, 0) as undated,
    round(
      m.events / (m.events + m.missing + m.refused + m.in_conflict) * (1 - coalesce(r.undated / r.rests_on, 0)), 6
    ) as coverage,
    f.at_least as threshold
  from months m
  cross join figures f
  left join rested r on r.figure = f.figure and r.agency = m.agency and r.period = m.period
  -- a figure is none of an agency that publishes nothing it could rest on
  where (f.figure, m.agency) in (select (figure, agency) from rested)
)
select
  agency,
  period,
  figure,
  events,
  missing,
  refused,
  in_conflict,
  rests_on,
  undated,
  coverage,
  threshold,
  threshold is null or coverage >= threshold as trusted,
  case
    when not trusted then concat(
      floor(100 * coverage)::integer, '% there, ', round(100 * threshold)::integer, '% needed: ',
      concat_ws(
        ', ',
        if(is_silent, 'nothing published that month', null),
        if(missing > 0, missing || if(is_silent, ' expected', ' never arrived'), null),
        if(refused > 0, refused || ' refused', null),
        if(in_conflict > 0, in_conflict || ' in conflict', null),
        if(undated > 0, undated || ' without a day', null)
      )
    )
  end as reason
from shares;
comment on view coverage is 'One row per agency, month and figure: how much of what the figure rests on is there, and whether that is enough.';
comment on column coverage.agency is 'Agency that publishes it.';
comment on column coverage.period is 'First day of the month in which it was recorded (UTC), or happened where that is not said.';
comment on column coverage.figure is 'delays, contacts, tellings or clocks: the view that rests on it.';
comment on column coverage.events is 'Events of the agency and month that were accepted.';
comment on column coverage.missing is 'Numbers missing in its sequences and not in quarantine; for a month of silence, its usual number of events if that is more.';
comment on column coverage.refused is 'Records in quarantine that nobody discarded, conflicts apart.';
comment on column coverage.in_conflict is 'Events of which copies differ, and no steward has decided.';
comment on column coverage.rests_on is 'Accepted events of the types that the figure rests on.';
comment on column coverage.undated is 'How many of those have a time too coarse for the figure.';
comment on column coverage.coverage is 'Share of 1: of events that should be there, those that are; times the share of `rests_on` that is dated well enough.';
comment on column coverage.threshold is 'The least coverage with which the figure is shown; null where the domain states none.';
comment on column coverage.trusted is 'Whether the coverage reaches it.';
comment on column coverage.reason is 'Why it is not trusted; null where it is.';
