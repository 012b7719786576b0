-- One row per new copy that states an earlier time than the first copy: the earliest counts, whatever arrives first.
-- reads: copies, known_copies, restated
create or replace temp table restating as
select distinct k.event_key, k.origin, k.position, c.recorded_at, c.received_at, k.received_at as first_received_at
from known_copies k
join copies c using (event_key, content_hash)
-- by what it says and not by its place: a file may be edited and read again
anti join restated r
  on r.event_key = k.event_key and r.origin = k.origin and r.position = k.position
  and r.first_received_at = k.received_at and r.recorded_at is not distinct from c.recorded_at and r.received_at <= c.received_at
where c.recorded_at < coalesce(k.recorded_at, timestamp '9999-01-01')
  or c.received_at < k.received_at;

insert into restated by name from restating;

insert into unsettled_cases
select distinct e.case_key
from events e
join restating r
  on r.event_key = e.event_key and r.origin = e.origin and r.position = e.position
  and r.first_received_at = e.received_at
where e.case_key is not null;
