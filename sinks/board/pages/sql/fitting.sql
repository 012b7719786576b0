-- One row: how many cases fit the filters of `listed`. Asked apart, the list need not read every column of every case.
-- $state text, $agency text, $area text: empty for any
select count(*) as cases
from visible_cases
where ($state = '' or state = $state)
  and ($area = '' or area = $area)
  and ($agency = '' or coalesce(holder_agency, awaiting_agency) = $agency)
