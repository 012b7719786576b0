-- Take the acts in `barred` out of the events, with what is kept of them beside.
-- reads: events, barred (event_row)
create or replace temp table barred_contents as
select event_key, content_hash_of(e) as content_hash, origin, position
from events e
semi join barred b on b.event_row = e.rowid;

delete from events where rowid in (select event_row from barred);

delete from event_keys
where event_key in (select event_key from barred_contents) and event_key not in (select event_key from events);

delete from statements where (event_key, content_hash) in (select (event_key, content_hash) from barred_contents);

delete from restated
where (event_key, origin, position) in (select (event_key, origin, position) from barred_contents);

-- a copy does not say which content it is of
delete from duplicates
where event_key in (select event_key from barred_contents) and event_key not in (select event_key from events);
