-- One row per run that brought records, origin and table that they stand in: a replay or a steward's action by the moment at
-- which it read, a worker by the hour.
-- reads: events, duplicates, quarantined, agencies, log_positions
with brought as (
  select
    origin, received_at, 'events' as stands_in,
    agency in (select agency from agencies where role = 'steward') as is_action
  from events
  union all
  select origin, received_at, 'duplicates', null from duplicates
  union all
  -- copies in conflict stand in `events`
  select origin, received_at, 'quarantined', false from quarantined where reason <> 'conflict'
),
placed as (
  select
    -- a topic by its name: its partitions are no datasets of their own
    coalesce(p.topic, b.origin) as origin, b.stands_in, b.is_action, b.received_at, p.topic is not null as is_topic,
    if(p.topic is null, b.received_at, date_trunc('hour', b.received_at)) as run_at
  from brought b
  left join log_positions p on b.origin = p.topic || '-' || p.partition
),
runs as (
  select
    is_topic, run_at, min(received_at) as began_at, max(received_at) as ended_at,
    case when is_topic then 'worker' when bool_and(is_action) then 'steward' else 'replay' end as job
  from placed
  group by is_topic, run_at
)
select r.job, r.run_at, r.began_at, r.ended_at, p.is_topic, p.origin, p.stands_in, count(*) as records
from placed p
join runs r using (is_topic, run_at)
group by all
order by r.run_at, r.job, p.origin, p.stands_in
