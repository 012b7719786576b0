-- Take away what the comparison says no more; rows of `unsaid` are contents that nothing states any longer, and rows of
-- `contested` events of which another content may stand now.
-- reads: lost_statements, lost_claims, statements, comparisons
delete from statements s
using lost_statements l
where s.event_key = l.event_key and s.content_hash = l.content_hash and s.revision = l.revision;

delete from comparisons c
using lost_claims l
where c.mapping = l.mapping and c.at_revision = l.at_revision and c.event_key = l.event_key
  and c.content_hash = l.content_hash and c.revision = l.revision;

create or replace temp table unsaid as
select distinct event_key, content_hash from lost_statements anti join statements using (event_key, content_hash);

create or replace temp table contested as select distinct event_key from lost_statements;

-- a retraction that others still state is theirs from now on
update events e
set origin = r.origin, position = r.position
from (
  select event_key, content_hash, arg_min(origin, at_revision) as origin, arg_min(position, at_revision) as position
  from comparisons
  semi join lost_statements using (event_key, content_hash)
  group by all
) r
where e.event_key = r.event_key and content_hash_of(e) = r.content_hash;
