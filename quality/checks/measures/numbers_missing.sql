-- One row per source that numbers its events: how many numbers between the first and the last never arrived.
-- reads: observed, dated_events, sequence_gaps
with arrived as (
  -- a number that two copies in conflict carry did arrive
  select source, count(distinct try_cast(sequence as bigint)) as numbers
  from dated_events
  semi join (select source from observed group by source having count(try_cast(sequence as bigint)) >= 50) using (source)
  group by source
),
missing as (
  select source, sum(last_number::hugeint - first_number + 1) as numbers from sequence_gaps group by source
)
select
  source as subject, null::date as period,
  -- two of them may lie further apart than one of them can say
  least(a.numbers + coalesce(m.numbers, 0), 9223372036854775807)::bigint as n, n - a.numbers as k, k / n as value
from arrived a
left join missing m using (source)
