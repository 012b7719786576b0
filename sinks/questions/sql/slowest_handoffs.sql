-- Where are handoffs slow?
-- One row per pair of agencies: how long handoffs take, those not yet received counted as censored; or why that is withheld.
select
  from_agency, to_agency, cases, handoffs, censored,
  round(median / 86400, 1) as median_days,
  round(p90 / 86400, 1) as p90_days,
  round(100 * coverage) as percent_there,
  withheld
from delays
order by median desc nulls first;
