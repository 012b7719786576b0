-- One row per event that a snapshot lacks and that the one before it had, or lacked as the first: as it was stated last, with
-- the revision of the snapshot that lacks it (`missing_at`) and that of the one before (`before`). `is_new`: that one had it.
-- reads: seen (EVENTS, is_change, content), stated (id, revision), whole (revision, before), intervals
with known as (
  select distinct id, revision from seen where not is_change
),
-- each snapshot with the two before it
three as (
  select revision, before, lag(before) over (order by revision) as the_one_before_that from whole
),
-- what one of the two before it has; of most snapshots next to nothing is gone
gone as (
  select missing_at, before, id, bool_or(is_new) as is_new
  from (
    select w.revision as missing_at, w.before, s.id, true as is_new from three w join stated s on s.revision = w.before
    union all
    select w.revision, w.before, s.id, false from three w join stated s on s.revision = w.the_one_before_that
  ) had
  where not exists (select 1 from stated s where s.id = had.id and s.revision = had.missing_at)
  group by all
),
missing as (
  select g.*, max(k.revision) as last_at from gone g join known k on k.id = g.id and k.revision < g.missing_at group by all
)
select
  e.* exclude (is_change, content, occurred_at, occurred_precision, origin),
  e.occurred_at as row_occurred_at, e.occurred_precision as row_occurred_precision,
  i.occurred_at, i.occurred_precision, m.missing_at, m.before,
  m.is_new,
  (select min(origin) from seen o where o.revision = m.missing_at) as origin
from missing m
join seen e on e.id = m.id and e.revision = m.last_at and not e.is_change
join intervals i on i.before = m.before and i.revision = m.missing_at
qualify row_number() over (partition by m.id, m.missing_at order by e.origin desc, e.position desc) = 1
