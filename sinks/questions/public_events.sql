-- One row per event, as a query of anybody's may read it: without what it says, and without pseudonyms of people.
-- reads: events
create or replace temp view public_events as
select
  event_id, source, type, version, area, agency, unit, occurred_at, occurred_precision, recorded_at, received_at, sequence,
  decision, holder, due_at, effect_at, channel, standing, origin, position
from events
