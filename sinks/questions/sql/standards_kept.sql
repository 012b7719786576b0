-- Which standards are kept?
-- One row per standard: how its clocks ended, and how many still run.
select
  standard, any_value(title) as title, owner,
  count(*) filter (state = 'met') as met,
  count(*) filter (state = 'late') as late,
  count(*) filter (state = 'overdue') as still_overdue,
  count(*) filter (state in ('running', 'paused')) as still_running,
  count(*) filter (state = 'unclear') as unclear
from clocks
where state <> 'measured'
group by standard, owner
order by late + still_overdue desc, standard;
