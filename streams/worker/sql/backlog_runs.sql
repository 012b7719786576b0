-- One row per run of records that are marked as a backlog, with those that were just read: runs that meet become one.
-- reads: backlog_read, backlog_runs
create or replace temp table backlog_now as
with every_run as (
  from backlog_read
  union all
  select r.* from backlog_runs r semi join backlog_read using (origin)
),
marked as (
  select
    *, coalesce(
      first_position > max(last_position) over (
        partition by origin order by first_position, last_position rows between unbounded preceding and 1 preceding
      ) + 1,
      true
    ) as begins
  from every_run
),
placed as (
  select
    *, count(*) filter (begins) over (
      partition by origin order by first_position, last_position rows unbounded preceding
    ) as run
  from marked
)
select origin, min(first_position) as first_position, max(last_position) as last_position
from placed
group by origin, run;

delete from backlog_runs where origin in (select origin from backlog_now);

insert into backlog_runs from backlog_now;
