-- Identifiers that so many events carry that they may be hubs for it, or may be no longer: rows of `crowds`, with their events.
-- What a batch brings is few, so nothing is counted but where the events of its cases are enough to make a hub.
-- reads: carried, mentioned, identifier_kinds, steward_links, case_facts, unsettled_cases, unsettled_identifiers, events, agencies
create or replace temp table spread as
-- where the events stand that carry an identifier: in its case, or in that of another that was unlinked from it
select c.identifier_key, i.case_key
from carried c
join mentioned i using (identifier_key)
where not i.is_hub
union
select c.identifier_key, other.case_key
from carried c
join (
  select left_key as identifier_key, right_key as unlinked_key from steward_links where not linked
  union all
  select right_key, left_key from steward_links where not linked
) u using (identifier_key)
join mentioned other on other.identifier_key = u.unlinked_key;

create or replace temp table in_question as
select s.identifier_key
from spread s
join carried c using (identifier_key)
join identifier_kinds k using (kind)
left join case_facts f using (case_key)
left join (select distinct case_key as waiting from unsettled_cases) w on w.waiting = s.case_key
group by s.identifier_key
-- of a case that waits to be derived it is not known how many events it has
having any_value(c.events) + coalesce(sum(f.events), 0) > any_value(k.hub_events) or count(w.waiting) > 0
union
-- what joins too much to be counted ceases to only where something was withdrawn or unlinked
select identifier_key
from unsettled_identifiers
semi join (select identifier_key from mentioned where is_hub) using (identifier_key);

set variable anywhere = (
  select count(*) > 0 from mentioned semi join in_question using (identifier_key) where is_hub
);

create or replace temp table crowds as
select identifier_key, count(*) as events
from (
  select unnest(identifier_keys) as identifier_key
  from events
  where standing = 'stands'
    and agency not in (select agency from agencies where role = 'steward')
    and (
      getvariable('anywhere') or case_key is null
      or case_key in (select case_key from spread semi join in_question using (identifier_key))
    )
)
semi join in_question using (identifier_key)
group by identifier_key;

insert into reopened
select c.identifier_key
from crowds c
join mentioned i using (identifier_key)
join identifier_kinds k using (kind)
where c.events > k.hub_events and not i.is_hub
  and c.identifier_key not in (from reopened);
