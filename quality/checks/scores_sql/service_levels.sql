-- One row per month, source and service level of it: what was observed, what is agreed, and whether that was met.
-- reads: dated_events, quarantined, sequence_gaps, agreed_levels, agencies
with written as (
  select
    source, agency, occurred_at, occurred_precision, recorded_at, received_at, try_cast(sequence as bigint) as number,
    coalesce(recorded_at, occurred_at) as written_at
  from dated_events
  where standing = 'stands' and agency not in (select agency from agencies where role = 'steward')
),
feeds as (
  select source, arg_max(agency, (events, agency)) as agency, min(first_at) as first_at
  from (select source, agency, count(*) as events, min(written_at) as first_at from written group by all)
  group by source
),
months as (
  select source, agency, unnest(generate_series(date_trunc('month', first_at), getvariable('as_of')::timestamp, interval 1 month))::date as month
  from feeds
),
recorded_in_time as (
  select
    source, date_trunc('month', written_at)::date as month, count(*) as events,
    count(*) filter (recorded_at <= occurred_at + to_days(getvariable('recorded_days')::integer)) / count(*) as observed
  from written
  where occurred_precision = 'instant' and recorded_at is not null
  group by all
),
received as (
  select source, date_trunc('month', received_at)::date as month, true as is_refused from quarantined where reason <> 'conflict'
  union all
  select source, date_trunc('month', received_at)::date, false from written
),
refused as (
  -- both by when they were received: a refused record may have no other time
  select source, month, count(*) as events, count(*) filter (is_refused) / count(*) as observed
  from received
  where source is not null
  group by all
),
numbers_missing as (
  -- a number is missed in the month in which what follows it was written down
  select source, month, coalesce(events, 0) as events, coalesce(missing, 0) as observed
  from (
    select source, date_trunc('month', written_at)::date as month, count(*) as events
    from written
    where number is not null
    group by all
  )
  full join (
    select source, date_trunc('month', before_at)::date as month, sum(numbers) as missing from sequence_gaps group by all
  ) using (source, month)
),
moments as (
  select source, written_at as moment_at, written_at as event_at from written where written_at <= getvariable('as_of')
  union all
  -- a month that is silent to its end, or until now, shows it
  select source, least(month + interval 1 month - interval 1 microsecond, getvariable('as_of')::timestamp), null from months
),
silence_days as (
  -- from the last event before, which may be of an earlier month
  select source, date_trunc('month', moment_at)::date as month, count(event_at) as events, max(epoch(moment_at) - epoch(event_before)) / 86400 as observed
  from (
    select
      source, moment_at, event_at,
      last_value(event_at ignore nulls) over (
        partition by source order by moment_at, event_at nulls last rows between unbounded preceding and 1 preceding
      ) as event_before
    from moments
  )
  group by all
),
observed as (
  select 'recorded_in_time' as level, * from recorded_in_time
  union all by name
  select 'refused' as level, * from refused
  union all by name
  select 'numbers_missing' as level, * from numbers_missing
  union all by name
  select 'silence_days' as level, * from silence_days
)
select
  o.month, o.source, f.agency, o.level, o.events, o.observed, a.agreed, a.is_least,
  case when a.is_least then o.observed >= a.agreed else o.observed <= a.agreed end as met
from observed o
join feeds f using (source)
join agreed_levels a on a.level = o.level and a.source in ('', o.source)
where o.observed is not null
-- what is agreed with one feed goes before what is agreed with all
qualify row_number() over (partition by o.month, o.source, o.level order by a.source desc) = 1
order by all
