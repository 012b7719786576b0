-- One row per clock: one standard running for one start event, as it stands at `as_of`.
create or replace view clocks as
with asked as (
  select as_of, timezone(d.time_zone, timezone('UTC', as_of))::date as as_of_date
  from (select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts)
  cross join domain d
),
pausing as (
{pausing}
),
paused_then as (
  select
    f.* replace (
      if(p.position is null, f.paused, p.paused) as paused,
      if(p.position is null, f.due_at, p.due_at) as due_at,
      if(p.position is null, f.due_latest, p.due_latest) as due_latest,
      if(p.position is null, f.paused_since, p.from_at) as paused_since,
      if(p.position is null, f.pause_earliest, p.from_earliest) as pause_earliest,
      if(p.position is null, f.pause_latest, p.from_latest) as pause_latest,
      if(p.position is null, f.pause_first, p.from_first) as pause_first,
      if(p.position is null, f.pause_last, p.from_last) as pause_last
    )
  from clock_facts f
  left join pausing p using (case_key, standard, version, start_event)
),
-- what started by then; what stopped or paused later had not yet
started as (
  select
    f.* replace (
      if(f.stopped_at > asked.as_of, null, f.stopped_at) as stopped_at,
      if(f.stopped_at > asked.as_of, null, f.stop_earliest) as stop_earliest,
      if(f.stopped_at > asked.as_of, null, f.stop_latest) as stop_latest,
      if(f.stopped_at > asked.as_of, null, f.stop_first) as stop_first,
      if(f.stopped_at > asked.as_of, null, f.stop_last) as stop_last,
      if(f.stopped_at > asked.as_of, null, f.stop_event) as stop_event,
      if(f.paused_since > asked.as_of, null, f.paused_since) as paused_since,
      if(f.paused_since > asked.as_of, null, f.pause_earliest) as pause_earliest,
      if(f.paused_since > asked.as_of, null, f.pause_latest) as pause_latest,
      if(f.paused_since > asked.as_of, null, f.pause_first) as pause_first,
      if(f.paused_since > asked.as_of, null, f.pause_last) as pause_last
    ),
    asked.as_of,
    asked.as_of_date
  from paused_then f
  cross join asked
  where coalesce(f.started_at <= asked.as_of, true)
),
ends as (
  -- a clock that still runs is counted to `as_of`, or to where its open pause began
  select
    f.*,
    coalesce(f.stop_earliest, least(f.pause_earliest, f.as_of)) as end_earliest,
    coalesce(f.stop_latest, least(f.pause_latest, f.as_of)) as end_latest,
    greatest(coalesce(f.stop_first, least(f.pause_first, f.as_of_date)), f.start_first) as end_first,
    greatest(coalesce(f.stop_last, least(f.pause_last, f.as_of_date)), f.start_first) as end_last
  from started f
),
counted as (
  select
    e.*,
    greatest(case e.unit
      when 'hours' then (epoch_us(end_earliest) - epoch_us(start_earliest)) / 3.6e9
      when 'working_days' then b.working_days - a.working_days
      else end_first - start_first
    end - paused, 0) as elapsed,
    greatest(case e.unit
      when 'hours' then (epoch_us(end_earliest) - epoch_us(start_latest)) / 3.6e9
      when 'working_days' then b.working_days - al.working_days
      else end_first - start_last
    end - paused, 0) as elapsed_least,
    greatest(case e.unit
      when 'hours' then (epoch_us(end_latest) - epoch_us(start_earliest)) / 3.6e9
      when 'working_days' then bl.working_days - a.working_days
      else end_last - start_first
    end - paused, 0) as elapsed_most,
    case
      when stopped_at is not null and cancelled then 'cancelled'
      when stopped_at is not null and due_at is null then 'measured'
      when stopped_at is not null and
        stop_latest - if(stop_latest > stop_earliest, interval 1 microsecond, interval 0 microsecond) <= due_at then 'met'
      when stopped_at is not null and stop_earliest > due_latest then 'late'
      when stopped_at is not null then 'unclear'
      when paused_since is not null then 'paused'
      when due_at is null then 'running'
      when as_of > due_latest then 'overdue'
      else 'running'
    end as state
  from ends e
  left join calendar a on a.day = e.start_first
  left join calendar al on al.day = e.start_last
  left join calendar b on b.day = e.end_first
  left join calendar bl on bl.day = e.end_last
)
select
  'c' || lpad(lower(to_hex(c.case_key)), 16, '0') as case_id,
  c.standard,
  c.version,
  c.started_at,
  c.due_at,
  c.stopped_at,
  c.state,
  c.elapsed,
  c.paused,
  case
    when c.due_at is null then null
    when c.state in ('met', 'running') then 0
    -- a time set for the case: hours past it
    when c.amount is null then greatest((epoch_us(c.end_earliest) - epoch_us(c.due_at)) / 3.6e9, 0)
    else greatest(c.elapsed - case when c.unit = 'months' then date_diff('day', c.start_first, (c.start_first + to_months(c.amount::integer))::date) else c.amount end, 0)
  end as overdue,
  c.unit,
  s.owner,
  s.title,
  c.elapsed_least,
  c.elapsed_most,
  c.due_latest,
  sa.event_id as start_event,
  so.event_id as stop_event,
  s.confirmed,
  s.local
from counted c
join standards s using (standard, version)
left join (select event_key, event_id from events where standing = 'stands') sa on sa.event_key = c.start_event
left join (select event_key, event_id from events where standing = 'stands') so on so.event_key = c.stop_event;
comment on view clocks is 'One row per clock: one standard running for one start event, as it stands at `as_of`.';
comment on column clocks.case_id is 'The case.';
comment on column clocks.standard is 'Id of the standard.';
comment on column clocks.version is 'Version of the standard.';
comment on column clocks.started_at is 'When it started.';
comment on column clocks.due_at is 'The last moment in time (UTC); null without a limit.';
comment on column clocks.stopped_at is 'When it stopped or was cancelled; null while it runs.';
comment on column clocks.state is 'met, late, unclear, measured, cancelled, running, overdue or paused.';
comment on column clocks.elapsed is 'How much has passed, in `unit` (days for months), pauses left out.';
comment on column clocks.paused is 'How long it stood still, in `unit` (days for months).';
comment on column clocks.overdue is 'How much over the limit, in `unit` (days for months); hours past a time that was set for the case.';
comment on column clocks.unit is 'hours, calendar_days, working_days or months.';
comment on column clocks.owner is 'Agency that owes it.';
comment on column clocks.title is 'What it is, in words.';
comment on column clocks.elapsed_least is 'The least that can have passed, given the precision of the times.';
comment on column clocks.elapsed_most is 'The most that can have passed.';
comment on column clocks.due_latest is 'As due_at, counted from the latest that the start can have been.';
comment on column clocks.start_event is 'Event that started it.';
comment on column clocks.stop_event is 'Event that stopped or cancelled it.';
comment on column clocks.confirmed is 'False where the standard is not confirmed by a source.';
comment on column clocks.local is 'True for a measure of our own, not an official one.';
