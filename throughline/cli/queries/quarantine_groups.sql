-- One row per reason and source in quarantine, the most records first.
select count(*) as records, reason, source, strftime(max(received_at), '%Y-%m-%d %H:%M') as "last read"
from quarantine
group by reason, source
order by records desc, reason, source nulls last
