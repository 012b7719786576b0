-- One row per agency: contacts that were promised to victims, and what became of them.
select
  agency,
  count(*) as promised,
  count(*) filter (state = 'kept') as kept,
  count(*) filter (state = 'late') as late,
  count(*) filter (state = 'broken') as broken,
  count(*) filter (state = 'open') as "not due yet"
from contacts
where kind = 'promised'
group by agency
order by promised desc, agency
