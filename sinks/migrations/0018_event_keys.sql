-- A batch finds what it asks for without reading all events: which keys the store has, and which events have no case yet.

create table event_keys as select distinct event_key from events;
comment on table event_keys is 'One row per event that the store has, in whatever content and standing.';
comment on column event_keys.event_key is 'Key of the event.';

alter table unsettled add column is_placed boolean;
comment on column unsettled.is_placed is 'Whether it may have a case already, which is found anew: only then is it looked for among the events that have one.';
update unsettled set is_placed = (from_row = 0);
alter table unsettled drop column from_row;
