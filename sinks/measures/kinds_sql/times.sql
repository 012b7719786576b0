-- One row per combination of cuts and whose time it was, and per total over any of them (null): the seconds that
-- certainly were and at most may have been, and their shares of the whole. Cuts are names of columns.
-- reads: cut
with grouped as (
  select
    {cuts}
    outcome,
    grouping(outcome) = 1 as is_total,
    count(distinct case_id) as cases,
    sum(least) as least_seconds,
    if(grouping(outcome) = 1, sum(least), sum(most)) as most_seconds
  from cut
  group by cube ({cuts} outcome)
)
select
  {cuts}
  outcome,
  cases,
  least_seconds,
  most_seconds,
  round(least_seconds / nullif(sum(least_seconds) filter (is_total) over (partition by {cuts} 1), 0), 6) as least_share,
  round(most_seconds / nullif(sum(least_seconds) filter (is_total) over (partition by {cuts} 1), 0), 6) as most_share
from grouped
order by {order} outcome nulls first
