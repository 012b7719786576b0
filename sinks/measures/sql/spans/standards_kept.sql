-- One row per clock with a time limit and span of `as_of` in which it is counted alike.
with stood as (
{clocks_stood}
),
limited as (
  select
    case_key, standard, version, started_at, stopped_at, paused_since,
    greatest(since_at, started_at) as begins_at,
    next_at,
    due_latest + interval 1 microsecond as over_at,
    coalesce(cancelled, false) as is_cancelled,
    case
      when stop_latest - if(stop_latest > stop_earliest, interval 1 microsecond, interval 0 microsecond) <= due_at then 'met'
      when stop_earliest > due_latest then 'late'
      else 'unclear'
    end as stopped_as
  from stood
  where due_at is not null
),
spans as (
  select *, begins_at as from_at, least(next_at, stopped_at, paused_since, over_at) as until_at, 'running' as outcome
  from limited
  union all
  select *, greatest(begins_at, over_at), least(next_at, stopped_at, paused_since), 'overdue'
  from limited
  where over_at is not null
  union all
  select *, greatest(begins_at, paused_since), least(next_at, stopped_at), 'paused'
  from limited
  where paused_since is not null
  union all
  select *, greatest(begins_at, stopped_at), next_at, stopped_as
  from limited
  where stopped_at is not null and not is_cancelled
)
select
  c.case_key, c.from_at, c.until_at,
  c.started_at as counted_at,
  s.owner as agency,
  null::varchar as unit,
  c.outcome,
  c.standard,
  if(s.confirmed, 'confirmed', 'unconfirmed') as source
from spans c
join standards s using (standard, version)
where coalesce(c.from_at < c.until_at, true)
