-- One row per source and week that is over: how far the number of its events left that of the weeks around it.
-- reads: weekly
with usual as (
  select
    a.source, a.week, a.n, median(b.n) as usual, mad(b.n) as scatter, count(*) as others
  from weekly a
  join weekly b on b.source = a.source and b.week between a.week - 91 and a.week + 91 and b.week <> a.week
  group by all
  having others >= 8 and usual >= 10
)
select
  source as subject, week as period, n, null::bigint as k,
  abs(n - usual) / greatest(1.4826 * scatter, sqrt(usual), 0.15 * usual) as value
from usual
