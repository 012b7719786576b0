-- One row per copy of an event: where it was read, the first copy and the further ones.
create or replace view deliveries as
select area, source, event_id, type, origin, position, received_at, true as is_first
from events
union all
select e.area, e.source, e.event_id, e.type, d.origin, d.position, d.received_at, false
from duplicates d
-- which of the contents of an event it is a copy of is not kept
join (select event_key, area, source, event_id, min(type) as type from events group by all) e using (event_key);
comment on view deliveries is 'One row per copy of an event: where it was read, the first copy and the further ones.';
comment on column deliveries.area is 'Area of the event.';
comment on column deliveries.source is 'Source of the event.';
comment on column deliveries.event_id is 'Id of the event.';
comment on column deliveries.type is 'Type of the event.';
comment on column deliveries.origin is 'File or topic-partition that this copy was read from.';
comment on column deliveries.position is 'Line, row or offset there.';
comment on column deliveries.received_at is 'When it was read (UTC).';
comment on column deliveries.is_first is 'True for the copy that arrived first.';
