-- One row per pair of agencies: the figure `delays` as it is published; the row is JSON by column.
-- reads: delays
select concat(from_agency, ' to ', to_agency) as subject, to_json(d)::varchar as figure_row
from delays d
order by subject
