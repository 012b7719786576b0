-- What nothing states any longer is no event.
-- reads: unsaid, events
delete from events where standing = 'unsaid' and event_key in (select event_key from unsaid);
delete from event_keys
where event_key in (select event_key from unsaid) and event_key not in (select event_key from events);
delete from unsaid;
