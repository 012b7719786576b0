-- Note what is said now; it is said by the comparison and is a copy of nothing.
-- reads: fresh_claims
insert into comparisons by name select distinct * from fresh_claims;
delete from duplicates d
using fresh_claims f
where d.event_key = f.event_key and d.origin = f.origin and d.position = f.position;
