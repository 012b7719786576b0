-- One row per source that numbers its events: how many numbers between the first and the last are missing.
-- reads: observed
select
  source as subject, null::date as period,
  -- two of them may lie further apart than one of them can say
  least(
    max(try_cast(sequence as bigint))::hugeint - min(try_cast(sequence as bigint)) + 1, 9223372036854775807
  )::bigint as n,
  n - count(distinct try_cast(sequence as bigint)) as k, k / n as value
from observed
where try_cast(sequence as bigint) is not null
group by source
having count(*) >= 50
