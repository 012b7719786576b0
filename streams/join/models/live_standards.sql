-- One row per version of a standard that is switched on, with a number that the clock models use for it.
-- reads: standards
select (row_number() over (order by standard, version))::smallint as live, *
from standards
where enabled
