-- One row per source and type of receipt: how many of its receipts stand before all that was sent to the agency in the case.
-- reads: observed, effects
with sent as (
  select e.case_key, f.target as agency, min(e.occurred_at) as first_at
  from observed e
  join effects f on f.type = e.type and f.effect = 'sends'
  where e.occurred_precision = 'instant'
  group by all
),
receipts as (
  select source, type, case_key, agency, occurred_at
  from observed
  where occurred_precision = 'instant' and type in (select type from effects where effect = 'receives')
)
select
  concat_ws(' ', r.source, r.type) as subject, null::date as period, count(*) as n,
  count(*) filter (r.occurred_at < s.first_at) as k, k / n as value
from receipts r
join sent s using (case_key, agency)
group by all
having n >= 10
