-- One row per clock and span of `as_of`, from `since_at` until before `next_at`, in which it is due when it is and stood still
-- since `paused_since`. A pause says how the clock stood until it was over, unless one before it lasted longer.
with over_before as (
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
)
select f.* replace (p.due_at as due_at, p.due_latest as due_latest, p.paused_since as paused_since), p.since_at, p.to_at as next_at
from clock_facts f
join over_before p using (case_key, standard, version, start_event)
where coalesce(p.since_at < p.to_at, true)
union all
select f.*, p.since_at, null
from clock_facts f
left join last_over p using (case_key, standard, version, start_event)
