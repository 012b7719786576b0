-- One row per new copy that states an earlier time than the first copy: the earliest counts, whatever arrives first.
-- reads: new_further_copies, known_copies
create or replace temp table restating as
select k.event_key, k.origin, k.position, f.recorded_at, f.received_at
from known_copies k
join new_further_copies f using (event_key, content_hash)
where f.recorded_at < coalesce(k.recorded_at, timestamp '9999-01-01') or f.received_at < k.received_at;

insert into restated from restating;

insert into unsettled_cases
select distinct e.case_key
from events e
join restating r using (event_key, origin, position)
where e.case_key is not null;
