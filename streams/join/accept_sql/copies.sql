-- Sort out the records whose key is known already or stands twice in the batch: `copies` has one row for each.
-- reads: incoming, repeated, known, events, stated_anew
create or replace temp table copies as
select content_hash_of(i) as content_hash, i.*
from (select *, event_key_of(area, source, id) as event_key from incoming) i
semi join repeated using (event_key);

create or replace temp table known_copies as
select content_hash_of(e) as content_hash, e.event_key, e.type, e.recorded_at, e.received_at, e.origin, e.position
from events e
semi join known using (event_key);

-- the copy that is kept of each content new to the store: the first in the order of what it was read from
create or replace temp table kept_copies as
select c.* replace (min(c.recorded_at) over same as recorded_at, min(c.received_at) over same as received_at)
from copies c
anti join known_copies k using (event_key, content_hash)
window same as (partition by c.event_key, c.content_hash)
qualify row_number() over (partition by c.event_key, c.content_hash order by c.origin, c.position) = 1;

-- further copies: all that are neither kept nor the very record that is in the store already
create or replace temp table further_copies as
select c.event_key, c.content_hash, c.recorded_at, c.origin, c.position, c.received_at
from copies c
anti join kept_copies k using (event_key, content_hash, origin, position)
anti join known_copies w using (event_key, content_hash, origin, position);

insert into events by name
select
  event_key, null as case_key, source, id as event_id, type, version, area, agency, unit, occurred_at,
  occurred_precision, recorded_at, received_at, sequence, identifiers,
  linking_keys(area, identifiers) as identifier_keys, decision, reason, reference, answers, about, holder, due_at,
  effect_at, enhanced, channel, victim, officer, correlation, causation, retracts, data,
  if(retracts, 'retraction', 'stands') as standing, origin, position
from kept_copies;

create or replace temp table new_further_copies as
select * from further_copies anti join duplicates using (event_key, origin, position);

insert into duplicates
select event_key, origin, position, min(received_at) from new_further_copies group by all;

create or replace temp table contested as
with contents as (
  select event_key, content_hash from known_copies union select event_key, content_hash from kept_copies
)
select event_key
from contents
semi join (
  select event_key from kept_copies union all select event_key from stated_anew
) using (event_key)
group by event_key
having count(*) > 1;
