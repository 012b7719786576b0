-- One row per combination of cuts, and per total over any of them (null): cases, and how long each thing counted took.
-- Cuts are names of columns.
-- reads: cut
select
  {cuts}
  count(distinct case_id) as cases,
  count(*) as counted,
  count(*) filter (not ended) as still_open,
  list(seconds order by seconds) as seconds,
  list(ended order by seconds) as ended
from cut
{group}
order by {order} cases
