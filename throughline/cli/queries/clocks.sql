-- One row per standard: the clocks that were kept least.
with counted as (
  select
    owner,
    standard || ' (' || version || ')' as standard,
    title as what,
    count(*) filter (state = 'met') as met,
    count(*) filter (state = 'late') as late,
    count(*) filter (state = 'overdue') as "still overdue"
  from clocks
  where due_at is not null
  group by all
)
from counted
where met + late + "still overdue" >= 20
order by met / (met + late + "still overdue"), standard
limit 8
