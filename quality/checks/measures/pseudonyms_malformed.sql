-- One row per source: how many of the pseudonyms that its events state are something else than keyed ones.
-- reads: observed
with given as (
  select source, unnest([victim, officer]) as pseudonym from observed
)
select
  source as subject, null::date as period, count(*) as n,
  count(*) filter (not regexp_full_match(pseudonym, getvariable('pseudonym'))) as k, k / n as value
from given
where pseudonym is not null
group by source
