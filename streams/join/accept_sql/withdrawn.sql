-- What withdrawn events alone had joined is joined no more.
-- reads: verdicts, events, identifiers, joins, steward_links
create or replace temp table lost_keys as
select distinct unnest(w.identifier_keys) as identifier_key
from verdicts w
-- what stands in its place joins what it joined, if it carries all of it
left join verdicts n on n.event_key = w.event_key and n.now_standing = 'stands'
where w.standing = 'stands' and w.now_standing <> 'stands'
  and not coalesce(list_has_all(n.identifier_keys, w.identifier_keys), false);

-- the cases of the events that carry them: that of the identifier, or of one that an event had joined to it
create or replace temp table cases_about as
with around as (
  from lost_keys
  union
  select left_key from joins where right_key in (from lost_keys)
  union
  select right_key from joins where left_key in (from lost_keys)
)
select distinct case_key from identifiers where identifier_key in (from around);

-- an event that carries a hub alone is a case of its own, which nothing leads to
set variable anywhere = (
  select count(*) > 0 from identifiers where is_hub and identifier_key in (from lost_keys)
);

-- where standing events still carry them
create or replace temp table carriers as
select distinct event_key, identifier_key
from (
  select event_key, unnest(identifier_keys) as identifier_key
  from events
  where standing = 'stands' and (getvariable('anywhere') or case_key is null or case_key in (from cases_about))
)
semi join lost_keys using (identifier_key);

-- the identifiers that an event or a steward had joined to them have to be linked again
insert into unsettled_identifiers
with pairs as (
  select left_key, right_key from joins
  union all
  select left_key, right_key from steward_links
)
select left_key from pairs where right_key in (from lost_keys)
union
select right_key from pairs where left_key in (from lost_keys)
union
select identifier_key from identifiers where identifier_key in (from lost_keys);

delete from joins
where left_key in (from lost_keys) and right_key in (from lost_keys)
  and not exists (
    select 1
    from carriers l
    join carriers r using (event_key)
    where l.identifier_key = joins.left_key and r.identifier_key = joins.right_key
  );

create or replace temp table gone as
from lost_keys anti join carriers using (identifier_key);

insert into unsettled_cases
select distinct case_key from identifiers where identifier_key in (from gone);

delete from identifiers where identifier_key in (from gone);

delete from plural_events
where event_key in (select event_key from verdicts where standing = 'stands' and now_standing <> 'stands');
