-- One row per source that numbers its events: how many numbers between the first and the last are missing.
-- reads: observed
select
  source as subject, null::date as period,
  -- two of them may lie further apart than one of them can say
  least(max(number)::hugeint - min(number) + 1, 9223372036854775807)::bigint as n,
  n - count(distinct number) as k, k / n as value
from (select source, try_cast(sequence as bigint) as number from observed)
where number is not null
group by source
having count(*) >= 50
