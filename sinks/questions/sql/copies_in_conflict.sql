-- Of which events do copies differ, and what are the copies?
-- One row per copy of an event that was published with different contents: none stands until a steward decides.
select source, event_id, type, content_hash, origin, position, received_at
from quarantine
where reason = 'conflict'
order by source, event_id, content_hash;
