-- One row per run of numbers of a source, area and outbox, with those that were just read: runs that meet become one.
-- reads: numbers_read, number_runs
create or replace temp table runs_now as
with every_run as (
  from numbers_read
  union all
  select r.* from number_runs r semi join numbers_read using (source, area, series)
),
marked as (
  select
    *, coalesce(
      first_number > max(last_number) over (
        partition by source, area, series order by first_number, last_number rows between unbounded preceding and 1 preceding
      ) + 1,
      true
    ) as begins
  from every_run
),
placed as (
  select
    *, count(*) filter (begins) over (
      partition by source, area, series order by first_number, last_number rows unbounded preceding
    ) as run
  from marked
)
select
  source, area, series, min(first_number) as first_number, max(last_number) as last_number, min(first_at) as first_at,
  max(last_at) as last_at
from placed
group by source, area, series, run;

delete from number_runs where (source, area, series) in (select source, area, series from runs_now);

insert into number_runs from runs_now;
