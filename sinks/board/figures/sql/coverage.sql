-- One row per agency on whose events a figure rests: how much of them is there, and over which months.
select agency, first_period, last_period, coverage, threshold, months_not_trusted, withheld
from agency_coverage
where figure = $figure
order by agency
