-- Which standards are kept least?
-- One row per standard: the clocks that were kept least; those of an agency of which too little is there are left out.
-- $clocks integer = 20: clocks that a standard has at least
-- $rows integer = 8: rows at most
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
select c.*, floor(100 * a.coverage)::integer || '%' as "of the data there"
from counted c
left join agency_coverage a on a.agency = c.owner and a.figure = 'clocks'
where met + late + "still overdue" >= $clocks and a.withheld is null
order by met / (met + late + "still overdue"), standard
limit $rows
