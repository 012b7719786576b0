-- Why are records in quarantine, and since when?
-- One row per source and reason in quarantine: how many records, and since when.
select source, reason, count(*) as records, min(received_at) as first_received, max(received_at) as last_received
from quarantine
group by all
order by records desc, reason, source nulls last;
