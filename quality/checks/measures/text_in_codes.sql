-- One row per source: how many of the codes that its events state are words, addresses or telephone numbers.
-- reads: observed
with codes as (
  select source, unnest([unit, reference, answers, about, decision, channel]) as code from observed
)
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (
    regexp_matches(code, '[a-z]+ [a-z]+ |[A-Z][a-z]+ [A-Z][a-z]+|[0-9]{3,} [A-Z][a-z]{2,}|@|(^|[^0-9])(\+44|0)[0-9 ]{9,}([^0-9]|$)')
  ) as k,
  k / n as value
from codes
where code is not null
group by source
