-- Which service levels were met?
-- One row per month, feed and service level: what was observed, what was agreed, whether it was met; the latest month first.
-- needs: levels
select month, source, agency, level, round(observed, 4) as observed, if(is_least, 'at least ', 'at most ') || agreed as agreed, met, events
from levels
order by month desc, source, level
