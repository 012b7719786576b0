-- One row per combination of cuts and outcome, and per total over any of them (null): cases, things counted, and their
-- share of those whose outcome is known. Cuts are names of columns.
-- reads: cut
with grouped as (
  select
    {cuts}
    outcome,
    grouping(outcome) = 1 as is_total,
    count(distinct case_id) as cases,
    count(*) as counted,
    quantile_cont(seconds, 0.5) as median_seconds,
    max(seconds) as longest_seconds
  from cut
  group by cube ({cuts} outcome)
)
select
  {cuts}
  outcome,
  cases,
  counted,
  if(
    is_total or outcome in (select unnest($unknown)), null,
    round(counted / sum(counted) filter (not is_total and outcome not in (select unnest($unknown))) over (partition by {cuts} 1), 6)
  ) as share,
  median_seconds,
  longest_seconds
from grouped
order by {order} outcome nulls first
