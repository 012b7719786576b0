-- Which months of which agency are not to be trusted?
-- One row per agency, month and figure of which too little is there: what lacks, and why.
select agency, period, figure, events, missing, refused, in_conflict, undated, round(100 * coverage) as percent_there, reason
from coverage
where not trusted
order by period desc, agency, figure;
