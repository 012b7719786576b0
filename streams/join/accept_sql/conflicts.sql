-- Which content of an event stands: that of its highest revision. Of several at that revision none does, until a steward
-- says which. Rows of `verdicts` are contents whose standing changes.
-- What nothing states any longer (`unsaid`) is neither.
-- reads: contested, events, statements, resolutions, unsaid
create temp table if not exists unsaid (event_key ubigint, content_hash varchar);

create or replace temp table verdicts as
with copies as (
  select
    e.event_key, content_hash_of(e) as content_hash, e.standing, e.revised, e.retracts, e.case_key,
    e.identifier_keys, e.rowid as copy_row, u.event_key is not null as is_unsaid
  from events e
  semi join contested using (event_key)
  left join unsaid u on u.event_key = e.event_key and u.content_hash = content_hash_of(e)
),
stated as (
  select event_key, content_hash, max(revision) as revision
  from statements
  semi join contested using (event_key)
  group by all
),
ranked as (
  select
    c.*,
    not c.is_unsaid
    and rank() over (partition by c.event_key order by c.is_unsaid, s.revision desc nulls last) = 1 as is_highest
  from copies c
  left join stated s using (event_key, content_hash)
),
counted as (
  select
    *, count(*) filter (is_highest) over (partition by event_key) as highest,
    count(*) filter (not is_highest and not is_unsaid) over (partition by event_key) as lower
  from ranked
)
select
  c.*,
  case
    when c.is_unsaid then 'unsaid'
    when not c.is_highest then 'superseded'
    when c.highest > 1 and c.content_hash is distinct from r.content_hash then 'conflict'
    when c.retracts then 'retraction'
    else 'stands'
  end as now_standing,
  if(c.is_highest and c.lower > 0, true, null) as now_revised
from counted c
left join resolutions r using (event_key)
where c.standing <> now_standing or c.revised is distinct from now_revised;

insert into unsettled_cases
select distinct case_key from verdicts where case_key is not null;

update events e
set standing = v.now_standing, revised = v.now_revised, case_key = null
from verdicts v
-- by row: two contents of an event may stand in one place, in a file that was edited and read again
where e.event_key = v.event_key and e.rowid = v.copy_row;

-- what stands of a contested event is linked; what does not is not
delete from unsettled where event_key in (from contested);
insert into unsettled
select event_key, false from events semi join contested using (event_key) where standing = 'stands' and case_key is null;

delete from quarantined
where reason = 'conflict' and event_key in (select event_key from verdicts);
insert into quarantined
  (quarantine_id, reason, field, detail, source, event_id, type, event_key, content_hash, origin, position, received_at)
select
  key64(concat('conflict', chr(31), key64(e.source || chr(31) || e.event_id), chr(31), content_hash_of(e))), 'conflict', null,
  'The same source and id were published with other content; a steward decides which copy stands.',
  e.source, e.event_id, e.type, e.event_key, content_hash_of(e), e.origin, e.position, e.received_at
from events e
where e.standing = 'conflict' and e.event_key in (select event_key from verdicts);
