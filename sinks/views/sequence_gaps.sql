-- One row per run of numbers that is missing in the sequence of a source.
create or replace view sequence_gaps as
with numbered as (
  select source, agency, try_cast(sequence as bigint) as number, coalesce(recorded_at, occurred_at) as recorded_at
  from dated_events
  where number is not null and retracts is null
  union all
  -- all retractions of an event are one content, and each has a number of its own
  select e.source, e.agency, try_cast(s.sequence as bigint) as number, s.recorded_at
  from statements s
  join (
    select event_key, any_value(source) as source, coalesce(min(agency) filter (retracts is null), min(agency)) as agency
    from events
    semi join (select event_key from statements where sequence is not null) using (event_key)
    group by event_key
  ) e using (event_key)
  where number is not null
),
neighbours as (
  select
    source, agency, recorded_at,
    -- two of them may lie further apart than one of them can say
    number::hugeint as number,
    (lag(number) over numbers)::hugeint as number_before,
    lag(recorded_at) over numbers as recorded_before
  from numbered
  window numbers as (partition by source order by number, recorded_at)
),
-- of the numbers that an outbox gave, each area by itself
lost as (
  select *
  from (
    select
      source, first_number, first_at,
      coalesce(lag(last_number) over runs, 0) as last_before, coalesce(lag(last_at) over runs, first_at) as before_it
    from number_runs
    window runs as (partition by source, area, series order by first_number)
  )
  where first_number - last_before > 1
),
speakers as (
  select source, min(agency) as agency from events semi join lost using (source) group by source
)
select
  source,
  agency,
  (number_before + 1)::bigint as first_number,
  (number - 1)::bigint as last_number,
  (number - number_before - 1)::double as numbers,
  recorded_before as after_at,
  greatest(recorded_at, recorded_before) as before_at
from neighbours
where number - number_before > 1
union all
select
  source, agency, last_before + 1, first_number - 1, (first_number - last_before - 1)::double, before_it,
  greatest(first_at, before_it)
from lost
left join speakers using (source);
comment on view sequence_gaps is 'One row per run of numbers that is missing in the sequence of a source.';
comment on column sequence_gaps.source is 'The publishing system.';
comment on column sequence_gaps.agency is 'Agency of the event after the gap.';
comment on column sequence_gaps.first_number is 'First number that is missing.';
comment on column sequence_gaps.last_number is 'Last number that is missing.';
comment on column sequence_gaps.numbers is 'How many numbers are missing.';
comment on column sequence_gaps.after_at is 'When the event before the gap was recorded (UTC), or happened where that is not said; null for a retraction that does not say it. Of numbers that an outbox gave, when the broker had it.';
comment on column sequence_gaps.before_at is 'The same of the event after the gap, and not before `after_at`.';
