-- Which case shows most?
-- One row: a case worth looking at, with many handoffs and a decision that the victim was told late or not at all.
select c.case_id
from cases c
join (
  select case_id, count(*) filter (class = 'not_told') as not_told, max(lag_seconds) as longest_lag
  from tellings
  group by case_id
) t using (case_id)
join (select case_id, count(*) as points from contradictions where kind = 'each_points_at_other' group by case_id) d
  using (case_id)
where c.events between 18 and 36
order by c.handoffs + 3 * t.not_told + d.points desc, c.case_id
limit 1
