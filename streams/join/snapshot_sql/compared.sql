-- What the comparison says now, beside what it said before of the same snapshots: `fresh_claims` are new, `lost_claims` gone.
-- A claim that was received otherwise too, from a topic or an event file, is not ours to take away.
-- reads: found_claims (EVENTS), comparisons, events, duplicates
create or replace temp table claims_now as
select
  getvariable('mapping')::varchar as mapping,
  -- the id of what happened between two snapshots ends with the later one; what is taken back is so as of it
  if(
    retracts, revision,
    regexp_extract(id, ':([0-9]{4}-[0-9]{2}(-[0-9]{2}(T[0-9:.]+Z)?)?)$', 1)
  ) as at_revision,
  event_key_of(area, source, id) as event_key, content_hash_of(f) as content_hash, revision,
  coalesce(retracts, false) as retracts, origin, position
from found_claims f;

create or replace temp table claims_before as
from comparisons where mapping = getvariable('mapping') and at_revision >= getvariable('since');

create or replace temp table fresh_claims as
from claims_now anti join claims_before using (event_key, content_hash, revision, at_revision);

create or replace temp table lost_claims as
select b.*
from claims_before b
anti join claims_now using (event_key, content_hash, revision, at_revision);

create or replace temp table lost_statements as
select distinct l.event_key, l.content_hash, l.revision
from lost_claims l
join events e on e.event_key = l.event_key and content_hash_of(e) = l.content_hash
-- the first copy of it is ours
semi join comparisons c on c.event_key = e.event_key and c.origin = e.origin and c.position = e.position
-- what is taken back has copies of its own
where (l.retracts or l.event_key not in (select event_key from duplicates));
