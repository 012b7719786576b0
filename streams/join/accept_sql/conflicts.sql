-- Same id with other content: no copy stands until a steward says which. Rows of `verdicts` are copies whose standing changes.
-- reads: contested, events, resolutions
create or replace temp table verdicts as
with copies as (
  select
    e.event_key, content_hash_of(e) as content_hash, e.in_conflict, e.case_key, e.identifier_keys,
    e.rowid as copy_row, count(*) over (partition by e.event_key) as contents
  from events e
  semi join contested using (event_key)
)
select c.*, c.contents > 1 and c.content_hash is distinct from r.content_hash as now_in_conflict
from copies c
left join resolutions r using (event_key)
where c.in_conflict <> now_in_conflict;

insert into unsettled_cases
select distinct case_key from verdicts where case_key is not null;

update events e
set in_conflict = v.now_in_conflict, case_key = null
from verdicts v
-- by row: two contents of an event may stand in one place, in a file that was edited and read again
where e.event_key = v.event_key and e.rowid = v.copy_row;

-- what stands of a contested event is linked; what does not is not
delete from unsettled where event_key in (from contested);
insert into unsettled
select event_key, 0 from events semi join contested using (event_key) where not in_conflict and case_key is null;

delete from quarantined
where reason = 'conflict' and event_key in (select event_key from verdicts);
insert into quarantined
select
  key64(concat('conflict', chr(31), e.event_key, chr(31), content_hash_of(e))), 'conflict', null,
  'The same source and id were published with other content; a steward decides which copy stands.',
  e.source, e.event_id, e.type, e.event_key, content_hash_of(e), e.origin, e.position, e.received_at, null
from events e
where e.in_conflict and e.event_key in (select event_key from verdicts);
