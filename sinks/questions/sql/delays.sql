-- How long do handoffs take?
-- One row per pair of agencies, in days. What is withheld says why in the last column.
select
  from_agency as "from",
  to_agency as "to",
  cases,
  handoffs,
  censored as "never received",
  round(median / 86400, 2) as "median days",
  round(p90 / 86400, 2) as "nine in ten by day",
  round(held_median / 86400, 1) as "median days held before",
  floor(100 * coverage)::integer || '%' as "of the data there",
  withheld
from delays
order by handoffs desc, "from", "to"
