-- What changed from one run of the checks to the next?
-- One row per run of the checks: how many results failed, how many of them had not in the run before, and how many no longer.
with runs as (
  select run_id, any_value(as_of) as as_of, max(checked_at) as checked_at, row_number() over (order by max(checked_at), run_id) as number
  from quality_results
  group by run_id
),
failing as (
  select r.number, q.check_name, q.subject from quality_results q join runs r using (run_id) where not q.passed
),
failed as (
  select number, count(*) as n from failing group by number
),
new as (
  select f.number, count(*) as n
  from failing f
  anti join failing b on b.number = f.number - 1 and b.check_name = f.check_name and b.subject = f.subject
  group by f.number
),
mended as (
  select b.number + 1 as number, count(*) as n
  from failing b
  anti join failing f on f.number = b.number + 1 and f.check_name = b.check_name and f.subject = b.subject
  group by b.number
)
select
  r.run_id, r.checked_at, r.as_of, count(*) as results, coalesce(any_value(failed.n), 0) as failed,
  coalesce(any_value(new.n), 0) as newly, coalesce(any_value(mended.n), 0) as mended
from runs r
join quality_results q using (run_id)
left join failed using (number)
left join new using (number)
left join mended using (number)
group by r.run_id, r.checked_at, r.as_of
order by r.checked_at desc, r.run_id
