-- One row per check, subject and run: what stewards' checks of quality found, as their events say.
create or replace view quality_results as
select
  data->>'$.run_id' as run_id,
  occurred_at as checked_at,
  (data->>'$.checked_as_of')::timestamptz at time zone 'UTC' as as_of,
  data->>'$.check_name' as check_name,
  data->>'$.dimension' as dimension,
  data->>'$.subject' as subject,
  (data->>'$.passed')::boolean as passed,
  (data->>'$.observed_millionths')::bigint / 1e6 as observed,
  (data->>'$.limit_millionths')::bigint / 1e6 as at_most,
  (data->>'$.periods')::bigint as periods,
  (data->>'$.failed_periods')::bigint as failed_periods,
  (data->>'$.worst_period')::date as worst_period,
  (data->>'$.events_seen')::bigint as events_seen,
  source
from shareable_events
where type = 'steward.quality.checked' and standing = 'stands';
comment on view quality_results is 'One row per check, subject and run: what stewards'' checks of quality found, as their events say.';
comment on column quality_results.run_id is 'Id of the run of the checks.';
comment on column quality_results.checked_at is 'When the run was made (UTC).';
comment on column quality_results.as_of is 'Time as of which it asked (UTC).';
comment on column quality_results.check_name is 'Name of the check; `throughline quality checks` says why it is made and what to do.';
comment on column quality_results.dimension is 'Dimension of data quality: completeness, uniqueness, consistency, timeliness, validity or accuracy.';
comment on column quality_results.subject is 'What was checked: a source, an agency, a pair of agencies or of types, with what is special to it.';
comment on column quality_results.passed is 'Whether no period was over the limit.';
comment on column quality_results.observed is 'The worst value: a share of 1, or how many times the usual scatter; see the check.';
comment on column quality_results.at_most is 'The most that the value may be.';
comment on column quality_results.periods is 'Periods looked at.';
comment on column quality_results.failed_periods is 'Periods over the limit.';
comment on column quality_results.worst_period is 'First day of the period with the worst value; null where the check is of all time.';
comment on column quality_results.events_seen is 'On how many events the worst value rests.';
comment on column quality_results.source is 'The steward''s desk that made the run.';
