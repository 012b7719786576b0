-- Further rows of `to_place`: the events that carry what is a hub no more, and may have been a case by themselves for it.
-- Scans every event: a hub ceases to be one when events are withdrawn or unlinked, which is rare.
-- reads: hub_changes, events, to_place
insert into to_place
select distinct event_key, identifier_keys, case_key
from (
  select event_key, identifier_keys, case_key, unnest(identifier_keys) as identifier_key
  from events
  where case_key is not null
)
semi join (select identifier_key from hub_changes where not is_hub) using (identifier_key)
anti join to_place using (event_key);
