-- One row per source and number in its data: how many of its values are more than a number of that unit can be.
-- reads: observed, numbers_most
select
  concat_ws(' ', e.source, m.field) as subject, null::date as period, count(*) as n,
  count(*) filter (try_cast(e.data->>('$."' || m.field || '"') as double) > m.most) as k, k / n as value
from observed e
join numbers_most m using (type)
where e.data->>('$."' || m.field || '"') is not null
group by all
