-- One row of `stated_anew` per content and revision of the batch that the store does not have, or has only from later; of
-- a retraction per number of its publisher, too. `is_known`: it has it from later.
-- reads: incoming, statements
create or replace temp table stated_anew as
with stated as (
  select
    event_key_of(area, source, id) as event_key, content_hash_of(i) as content_hash, revision, recorded_at, received_at,
    if(retracts, sequence, null) as sequence
  from incoming i
  where revision is not null
)
select
  event_key, content_hash, revision, sequence, min(recorded_at) as recorded_at, min(received_at) as received_at,
  bool_or(exists (
    select 1 from statements t where t.event_key = s.event_key and t.content_hash = s.content_hash and t.revision = s.revision
  )) as is_known
from stated s
where not exists (
  select 1
  from statements t
  where t.event_key = s.event_key and t.content_hash = s.content_hash and t.revision = s.revision
    and t.sequence is not distinct from s.sequence
    and t.received_at <= s.received_at and (t.recorded_at <= s.recorded_at or s.recorded_at is null)
)
group by event_key, content_hash, revision, sequence;

insert into statements by name select * exclude (is_known) from stated_anew;
