-- What does each feed score, month by month?
-- One row per month and feed, agency or all feeds: its six scores of 100 (null where nothing was measured), the latest month first.
-- needs: scored
select
  month, scope, name,
  max(score) filter (dimension = 'completeness') as completeness,
  max(score) filter (dimension = 'uniqueness') as uniqueness,
  max(score) filter (dimension = 'consistency') as consistency,
  max(score) filter (dimension = 'timeliness') as timeliness,
  max(score) filter (dimension = 'validity') as validity,
  max(score) filter (dimension = 'accuracy') as accuracy,
  sum(held)::bigint as held,
  sum(made)::bigint as made
from scored
group by month, scope, name
order by month desc, scope, name
