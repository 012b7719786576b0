-- What the outbox keeps of a record that was sent for good, so that it can be sent again as it was: its number in its feed.
alter table shipped add column number text;

pragma user_version = 3;
