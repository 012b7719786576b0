-- What became of the contacts that victims were promised?
-- One row per agency: contacts that were promised to victims, and what became of them. What is withheld says why.
with counted as (
  select
    agency,
    count(*) as promised,
    count(*) filter (state = 'kept') as kept,
    count(*) filter (state = 'late') as late,
    count(*) filter (state = 'broken') as broken,
    count(*) filter (state = 'open') as open
  from contacts
  where kind = 'promised'
  group by agency
)
select
  agency,
  promised,
  if(withheld is null, kept, null) as kept,
  if(withheld is null, late, null) as late,
  if(withheld is null, broken, null) as broken,
  if(withheld is null, open, null) as "not due yet",
  floor(100 * coverage)::integer || '%' as "of the data there",
  withheld
from counted
left join (from agency_coverage where figure = 'contacts') using (agency)
order by promised desc, agency
