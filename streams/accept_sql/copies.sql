-- Split the batch into first copies and further copies; `copies` has one row per record whose key is known already or twice in the batch.
-- reads: arrived, events
create or replace temp table known as
select e.*
from events e
semi join arrived a using (event_key);

create or replace temp table repeated as
select event_key from arrived group by event_key having count(*) > 1
union
select event_key from known;

create or replace temp table copies as
select content_hash_of(a) as content_hash, a.*
from arrived a
semi join repeated using (event_key);

create or replace temp table known_copies as
select content_hash_of(k) as content_hash, k.event_key, k.recorded_at, k.received_at, k.origin, k.position
from known k;

-- the copy that is kept of each content new to the store: the first in the order of what it was read from
create or replace temp table kept_copies as
select * exclude (copy_recorded_at)
from (
  select
    c.* replace (min(c.recorded_at) over same as recorded_at),
    c.recorded_at as copy_recorded_at
  from copies c
  anti join known_copies k using (event_key, content_hash)
  window same as (partition by c.event_key, c.content_hash)
  qualify row_number() over (partition by c.event_key, c.content_hash order by c.origin, c.position) = 1
);

-- further copies: all that are neither kept nor the very record that is in the store already
create or replace temp table further_copies as
select c.event_key, c.content_hash, c.recorded_at, c.origin, c.position, c.received_at
from copies c
anti join kept_copies k using (event_key, content_hash, origin, position)
anti join known_copies w using (event_key, content_hash, origin, position);
