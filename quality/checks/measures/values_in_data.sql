-- One row per source, type and number in its data: how many of its values are ten times what is usual, or a tenth.
-- reads: observed
with numbers as (
  select source, type, key, try_cast(data->>('$."' || key || '"') as double) as value
  from (select source, type, data, unnest(json_keys(data)) as key from observed where data <> '{}')
),
usual as (
  select source, type, key, median(value) as middle, count(*) as n
  from numbers
  where value > 0
  group by all
  -- what lies far apart by nature says nothing
  having n >= 30 and quantile_cont(value, 0.9) < 10 * quantile_cont(value, 0.1)
)
select
  concat_ws(' ', u.source, u.type, u.key) as subject, null::date as period, any_value(u.n) as n,
  count(*) filter (v.value >= 10 * u.middle or v.value <= u.middle / 10) as k, k / any_value(u.n) as value
from usual u
join numbers v using (source, type, key)
where v.value > 0
group by all
