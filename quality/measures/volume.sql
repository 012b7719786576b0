-- One row per source and week that is over: how far the number of its events left that of the weeks around it.
-- reads: observed
with weeks as (
  select source, week, count(*) as n from observed where week + 7 <= getvariable('as_of') group by all
),
whole as (
  -- the weeks with nothing count too; the first is partial
  select s.source, w.week::date as week, coalesce(n, 0) as n
  from (select source, min(week) + 7 as first, max(week) as last from weeks group by source) s
  cross join lateral (select unnest(generate_series(s.first, s.last, interval 7 day)) as week) w
  left join weeks k on k.source = s.source and k.week = w.week
),
usual as (
  select
    a.source, a.week, a.n, median(b.n) as usual, mad(b.n) as scatter, count(*) as others
  from whole a
  join whole b on b.source = a.source and b.week between a.week - 91 and a.week + 91 and b.week <> a.week
  group by all
  having others >= 8 and usual >= 10
)
select
  source as subject, week as period, n, null::bigint as k,
  abs(n - usual) / greatest(1.4826 * scatter, sqrt(usual), 0.15 * usual) as value
from usual
