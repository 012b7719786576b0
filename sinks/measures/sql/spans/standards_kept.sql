-- One row per clock with a time limit and span of `as_of` in which it is counted alike.
with over_before as (
  -- a pause says how the clock stood until it was over, unless one before it lasted longer
  select
    case_key, standard, version, start_event, to_at, due_at, due_latest, from_at as paused_since,
    max(to_at) over (
      partition by case_key, standard, version, start_event
      order by position rows between unbounded preceding and 1 preceding
    ) as since_at
  from pause_facts
  where to_at is not null
),
last_over as (
  select case_key, standard, version, start_event, max(to_at) as since_at from over_before group by all
),
-- the clock as it stood from `since_at` until before `next_at`
stood as (
  select f.* replace (p.due_at as due_at, p.due_latest as due_latest, p.paused_since as paused_since),
    p.since_at, p.to_at as next_at
  from clock_facts f
  join over_before p using (case_key, standard, version, start_event)
  where coalesce(p.since_at < p.to_at, true)
  union all
  select f.*, p.since_at, null
  from clock_facts f
  left join last_over p using (case_key, standard, version, start_event)
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
