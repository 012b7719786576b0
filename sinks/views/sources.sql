-- One row per source: what it published, and how long it has been silent.
create or replace view sources as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
copies as (
  select e.source, count(*) as duplicates
  -- an event has a row for each content that it came with
  from duplicates d join (select distinct event_key, source from events) e using (event_key)
  group by e.source
),
beats as (
  select source, max(sent_at) as last_heartbeat_at, sum(waiting)::bigint as waiting from heartbeats group by source
),
bad as (
  select source, count(*) as quarantined from quarantined where source is not null group by source
),
missing as (
  select source, sum(last_number::hugeint - first_number + 1) as numbers from sequence_gaps group by source
),
-- each range is looked for in all events, and there are few
loaded as (
  select e.event_key
  from events e
  join backlog_runs b on b.origin = e.origin and e.position between b.first_position and b.last_position
),
published as (
  select
    source,
    string_agg(distinct agency, ', ' order by agency) as agency,
    count(*) filter (standing = 'stands') as events,
    count(*) filter (
      standing = 'stands'
      and (event_key in (select event_key from loaded) or case_key in (select case_key from case_facts where backlog))
    ) as backlog,
    min(occurred_at) as first_seen,
    max(occurred_at) as last_seen,
    count(try_cast(sequence as bigint)) > 0 as numbers_them
  from events
  cross join asked
  -- what a retraction says besides counts for nothing, and copies of it may say different things
  where coalesce(occurred_at <= asked.as_of, true) and retracts is null
  group by source
)
select
  source,
  p.agency,
  coalesce(p.events, 0) as events,
  coalesce(c.duplicates, 0) as duplicates,
  coalesce(b.quarantined, 0) as quarantined,
  p.first_seen,
  p.last_seen,
  -- two numbers may lie further apart than one of them can say
  if(p.numbers_them or n.source is not null, least(coalesce(m.numbers, 0), 9223372036854775807)::bigint, null) as sequence_gaps,
  (epoch_us(asked.as_of) - epoch_us(p.last_seen)) / 1e6 as silence_seconds,
  h.last_heartbeat_at,
  h.waiting,
  coalesce(p.backlog, 0) as backlog
from published p
full join bad b using (source)
full join beats h using (source)
left join copies c using (source)
left join missing m using (source)
left join (select distinct source from number_runs) n using (source)
cross join asked;
comment on view sources is 'One row per source: what it published, and how long it has been silent.';
comment on column sources.source is 'The publishing system.';
comment on column sources.agency is 'Agency or agencies that it speaks for.';
comment on column sources.events is 'Events accepted.';
comment on column sources.duplicates is 'Further copies of events received.';
comment on column sources.quarantined is 'Records in quarantine.';
comment on column sources.first_seen is 'Time of its first event.';
comment on column sources.last_seen is 'Time of its latest event.';
comment on column sources.sequence_gaps is 'Numbers missing in its sequence, or of those that its outbox gave; null where nobody numbers its events.';
comment on column sources.silence_seconds is 'Seconds from its latest event to `as_of`.';
comment on column sources.last_heartbeat_at is 'When its publisher last said that it lives (UTC); null where it does not say so.';
comment on column sources.waiting is 'Events that waited in its outbox then.';
comment on column sources.backlog is 'Of its events those that were published as a backlog: history that was loaded for the first time, which raises no alert by itself. In a store of the shared topics: those of cases of which nothing else is known.';
