-- One row per record in quarantine that had been read by $known_at; conflicts are judged again from the events.
-- reads: quarantined
select * replace (null::blob as raw)
from quarantined
where reason <> 'conflict' and ($known_at::timestamp is null or received_at <= $known_at::timestamp)
