-- A further copy that states an earlier time moves the event's: the earliest counts, whatever arrives first.
-- reads: further_copies, known_copies
create or replace temp table earlier as
select k.event_key, k.content_hash, min(f.recorded_at) as recorded_at, min(f.received_at) as received_at
from known_copies k
join further_copies f using (event_key, content_hash)
group by k.event_key, k.content_hash
having min(f.recorded_at) < coalesce(any_value(k.recorded_at), timestamp '9999-01-01')
  or min(f.received_at) < any_value(k.received_at);

insert into unsettled_cases
select distinct e.case_key
from events e
join earlier r using (event_key)
where e.case_key is not null and r.recorded_at < coalesce(e.recorded_at, timestamp '9999-01-01');

update events e
set
  recorded_at = least(e.recorded_at, r.recorded_at),
  received_at = least(e.received_at, r.received_at)
from earlier r
where e.event_key = r.event_key and content_hash_of(e) = r.content_hash;
