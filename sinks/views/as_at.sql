-- One row: the time to which open intervals are counted, and how far the events of each kind reach.
create or replace view as_at as
select
  coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of,
  min(opened_at) as first_event_at,
  max(last_at) as last_event_at
from case_facts;
comment on view as_at is 'One row: the time to which open intervals are counted, and the time of the first and the latest event.';
comment on column as_at.as_of is 'The time asked for, or that of the latest event that had happened when it was received.';
comment on column as_at.first_event_at is 'Time of the first event.';
comment on column as_at.last_event_at is 'Time of the latest event.';
