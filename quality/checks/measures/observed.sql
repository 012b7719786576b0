-- What the measures look at: a row of `observed` is an event that stands, with the earliest times that any copy states.
-- reads: dated_events, agencies, effects, handoff_facts, backlog_runs
create or replace temp macro first_moment(label, known_to) as
  if(known_to = 'instant', label, label at time zone getvariable('zone') at time zone 'UTC');
-- of a day, a month, or so many of them
create or replace temp macro last_moment(label, known_to) as
  if(
    known_to = 'instant', label,
    first_moment(
      label + if(
        known_to like '%month%',
        to_months(coalesce(try_cast(split_part(known_to, ' ', 1) as integer), 1)),
        to_days(coalesce(try_cast(split_part(known_to, ' ', 1) as integer), 1))
      ),
      known_to
    ) - interval 1 microsecond
  );

create or replace temp table observed as
select
  event_key, case_key, source, agency, area, type, unit, occurred_at, occurred_precision, recorded_at, sequence,
  identifiers, decision, reason, reference, answers, about, due_at, effect_at, channel, victim, officer, data,
  -- history that was loaded for the first time says nothing of how a feed comes
  b.origin is not null as is_backlog,
  -- between which it happened (UTC): what is known to the day is before or after an instant only if all of the day is
  first_moment(occurred_at, occurred_precision) as earliest_at, last_moment(occurred_at, occurred_precision) as latest_at,
  -- the how-manieth event of its source that says all this
  row_number() over (
    partition by
      source, area, type, unit, occurred_at, list_sort(identifiers), decision, reason, reference, answers, about,
      channel, data
    order by recorded_at, event_key
  ) as copy,
  date_trunc('month', coalesce(recorded_at, occurred_at))::date as month,
  date_trunc('week', coalesce(recorded_at, occurred_at))::date as week
from dated_events e
left join backlog_runs b on b.origin = e.origin and e.position between b.first_position and b.last_position
where standing = 'stands' and agency not in (select agency from agencies where role = 'steward');

-- A row of `stated` is an event and a field of it that may be left out: whether it states it.
create or replace temp view stated as
unpivot (
  select
    source, type, month, unit is not null as unit, decision is not null as decision, reason is not null as reason,
    reference is not null as reference, answers is not null as answers, about is not null as about,
    due_at is not null as due_at, effect_at is not null as effect_at, channel is not null as channel,
    victim is not null as victim, officer is not null as officer, recorded_at is not null as recorded_at
  from observed
)
on unit, decision, reason, reference, answers, about, due_at, effect_at, channel, victim, officer, recorded_at
into name field value is_stated;

-- A row of `weekly` is a source and week that is over, with its events; the weeks with nothing count too, the first is partial.
create or replace temp view weekly as
with counted as (
  select source, week, count(*) as n from observed where not is_backlog and week + 7 <= getvariable('as_of') group by all
)
select s.source, w.week::date as week, coalesce(n, 0) as n
from (select source, min(week) + 7 as first, max(week) as last from counted group by source) s
cross join lateral (select unnest(generate_series(s.first, s.last, interval 7 day)) as week) w
left join counted k on k.source = s.source and k.week = w.week;

-- A row of `closings` is a case that an agency closed, and by when it first had.
create or replace temp view closings as
select e.case_key, e.agency, min(e.latest_at) as closed_at
from observed e
join effects f on f.type = e.type and f.effect = 'closes' and (f.when_decision is null or f.when_decision = e.decision)
group by all;

-- A row of `receipts` is an event by which an agency receives, and whether it follows something that was sent to it.
create or replace temp view receipts as
select e.event_key, e.agency, e.month, h.kind is null or h.kind = 'implied' as is_unsent
from observed e
semi join (select type from effects where effect = 'receives') using (type)
left join handoff_facts h on h.received_event = e.event_key;

-- A share (k of n) by subject and month beside the same subject's other months: how many times further from their
-- median it lies than they scatter. The scatter is the larger of chance (binomial) and what the months show (MAD).
create or replace temp macro share_drift(counted) as table (
  with shares as (
    select subject, period, n, k, k / n as share from query_table(counted) where n >= 30
  ),
  usual as (
    select
      s.subject, s.period, s.n, s.k, s.share, median(o.share) as usual_share, mad(o.share) as usual_mad, count(*) as others
    from shares s
    join shares o on o.subject = s.subject and o.period <> s.period
    group by all
    having others >= 5
  )
  select
    subject, period, n, k,
    -- a tenth more or less is no fault, however many events there are
    greatest(abs(share - usual_share) - 0.1, 0)
      / greatest(sqrt(usual_share * (1 - usual_share) / n), 1.4826 * usual_mad, 0.02) as value
  from usual
);

-- The last quarter beside all before it: in times of the scatter by chance, how far the share at fault rose.
create or replace temp macro lately(counted) as table (
  with shares as (
    select
      subject,
      count(*) filter (is_late) as n, count(*) filter (is_late and is_at_fault) as k,
      count(*) filter (not is_late) as n_before, count(*) filter (not is_late and is_at_fault) as k_before
    from (
      select *, occurred_at >= getvariable('as_of') - interval 120 day as is_late from query_table(counted)
    )
    group by subject
  )
  select
    subject, null::date as period, n, k,
    -- a tenth more is no fault
    greatest(k / n - k_before / n_before - 0.1, 0)
      / sqrt(greatest((k + k_before + 1) / (n + n_before + 2), 0.05) * (1 - (k + k_before) / (n + n_before + 2)) * (1 / n + 1 / n_before))
      as value
  from shares
  where n >= 10 and n_before >= 20
);

-- How long a subject has not been heard of, in times of the silence that is long for it: that quantile of all its silences.
create or replace temp macro silence(heard, long_for_it) as table (
  with spaced as (
    select
      subject, written_at,
      epoch(written_at) - epoch(lag(written_at) over (partition by subject order by written_at)) as gap
    from query_table(heard)
    where written_at <= getvariable('as_of')
  )
  select
    subject, null::date as period, count(*) as n, null::bigint as k,
    (epoch(getvariable('as_of')::timestamp) - max(epoch(written_at))) / greatest(quantile_cont(gap, long_for_it), 86400) as value
  from spaced
  group by subject
  having n >= 50
);
