-- What the measures look at: a row of `observed` is an event that stands, with the earliest times that any copy states.
-- reads: dated_events, agencies
create or replace temp table observed as
select
  event_key, case_key, source, agency, area, type, unit, occurred_at, occurred_precision, recorded_at, sequence,
  identifiers, decision, reason, reference, answers, about, due_at, effect_at, channel, victim, officer, data,
  -- the how-manieth event of its source that says all this
  row_number() over (
    partition by
      source, area, type, unit, occurred_at, list_sort(identifiers), decision, reason, reference, answers, about,
      channel, data
    order by recorded_at, event_key
  ) as copy,
  date_trunc('month', coalesce(recorded_at, occurred_at))::date as month,
  date_trunc('week', coalesce(recorded_at, occurred_at))::date as week
from dated_events
where not in_conflict and agency not in (select agency from agencies where role = 'steward');

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
