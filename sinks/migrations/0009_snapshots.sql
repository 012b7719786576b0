-- What each snapshot of a system said, for the ones that come later to be compared with; numbers of retractions; headers.

alter table statements add column sequence varchar;
comment on column statements.sequence is 'Of a retraction: the publisher''s own number of it. Of other content it is a part.';
update statements s
set sequence = e.sequence
from events e
where e.event_key = s.event_key and e.retracts and s.content_hash = md5('retracts');
