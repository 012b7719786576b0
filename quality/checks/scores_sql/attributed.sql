-- One row per month, result of the last run of each desk in it, and party that it is of (both of a pair; perhaps nobody).
-- reads: quality_results, check_subjects, dated_events, quarantined, agencies
create or replace temp table attributed as
with last_runs as (
  -- a desk checks its own store: the last run of each desk as of a time in the month speaks for the month
  select date_trunc('month', as_of)::date as month, source as desk, arg_max(run_id, (as_of, checked_at, run_id)) as run_id
  from quality_results
  group by all
),
results as (
  select
    l.month, q.check_name, q.dimension, q.subject, s.of, q.passed, q.observed, q.at_most, q.periods, q.failed_periods,
    q.worst_period, q.events_seen
  from quality_results q
  join last_runs l on l.run_id = q.run_id and l.desk = q.source
  join check_subjects s using (check_name)
),
feeds as (
  -- the agency that a source speaks for is the one that most of its events name
  select source, arg_max(agency, (events, agency)) as agency
  from (
    select source, agency, count(*) as events from dated_events group by all
    union all
    select source, null, 0 from quarantined where source is not null
  )
  group by source
  -- the steward's own acts are no agency's feed
  having agency is null or agency not in (select agency from agencies where role = 'steward')
),
publishers as (
  select type, arg_max(agency, (events, agency)) as agency
  from (select type, agency, count(*) as events from dated_events group by all)
  group by type
),
subjects as (
  select distinct of, subject from results
),
sources_of as (
  -- the longest source that the subject begins with: what follows it is what is special to the result
  select s.of, s.subject, arg_max(f.source, length(f.source)) as source
  from subjects s
  join feeds f on s.subject = f.source or starts_with(s.subject, f.source || ' ')
  where s.of = 'source'
  group by all
),
parties as (
  select o.of, o.subject, o.source, f.agency from sources_of o join feeds f using (source)
  union all
  select s.of, s.subject, null, a.agency
  from subjects s join agencies a on a.agency = s.subject
  where s.of = 'agency'
  union all
  select s.of, s.subject, null, unnest(list_distinct([a.agency, b.agency]))
  from subjects s
  join agencies a on starts_with(s.subject, a.agency || ' ')
  join agencies b on s.subject in (a.agency || ' to ' || b.agency, a.agency || ' and ' || b.agency)
  where s.of = 'agencies'
  union all
  select s.of, s.subject, null, a.agency
  from subjects s join publishers a on a.type = split_part(s.subject, ' ', 1)
  where s.of = 'type'
  union all
  select s.of, s.subject, null, unnest(list_distinct([a.agency, b.agency]))
  from subjects s
  join publishers a on a.type = split_part(s.subject, ' before ', 1)
  join publishers b on b.type = split_part(s.subject, ' before ', 2)
  where s.of = 'types'
)
select r.*, p.source, p.agency
from results r
left join parties p using (of, subject)
