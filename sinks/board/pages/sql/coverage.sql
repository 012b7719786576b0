-- One row per agency and figure: how much of what the figure rests on is there, the least first.
select a.agency, a.figure, a.coverage, a.threshold, a.months_not_trusted, a.withheld is not null as is_withheld
from agency_coverage a
where a.agency not in (select agency from agencies where role = 'steward')
order by is_withheld desc, a.coverage, a.agency, a.figure
