-- What nothing states any longer is no event.
-- reads: unsaid
delete from events where standing = 'unsaid' and event_key in (select event_key from unsaid);
delete from unsaid;
