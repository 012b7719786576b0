-- One row per type: its events, how they are dated, how late they were written down, and what became of them.
-- reads: dated_events, duplicates
with copies as (
  select type, count(*) as copies from duplicates join events using (event_key) where standing = 'stands' group by type
),
said as (
  select
    *,
    occurred_precision = 'instant' as is_instant,
    epoch(recorded_at) - epoch(occurred_at) as late,
    list_has_any(list_transform(identifiers, x -> x.kind), getvariable('linking')::varchar[]) as is_linked
  from dated_events
)
select
  type,
  count(*) as events,
  count(distinct source) as sources,
  min(occurred_at) as first_at,
  max(occurred_at) as last_at,
  count(*) filter (is_instant) as instants,
  count(*) filter (occurred_precision = 'day') as days,
  count(*) filter (not is_instant and occurred_precision <> 'day') as longer,
  count(recorded_at) as recorded,
  count(*) filter (is_instant and late < 0) as recorded_before,
  quantile_cont(late, 0.5) filter (is_instant and late >= 0) as late_half,
  quantile_cont(late, 0.95) filter (is_instant and late >= 0) as late_most,
  count(*) filter (is_instant and late between 0 and getvariable('recorded_days')::integer * 86400) as in_time,
  count(*) filter (is_instant and late >= 0) as timed,
  count(unit) as with_unit,
  count(*) filter (not is_linked) as without_identifier,
  count(*) filter (standing = 'superseded') as superseded,
  count(*) filter (standing = 'retraction') as retracted,
  count(*) filter (standing = 'conflict') as in_conflict,
  coalesce(any_value(copies), 0) as copies
from said
left join copies using (type)
group by type
order by events desc, type
