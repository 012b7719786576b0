-- One row per source: how many of its events have characters in codes, identifiers or data that damage leaves behind.
-- reads: observed
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (
    regexp_matches(
      concat_ws(' ', unit, reference, reason, list_aggregate(list_transform(identifiers, lambda i: i.value), 'string_agg', ' '), data),
      '[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{fffd}\x{feff}]|\x{c3}[\x{80}-\x{bf}]|\x{e2}\x{20ac}'
    )
  ) as k,
  k / n as value
from observed
group by source
