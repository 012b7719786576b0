-- What the unsettled events bring: rows of `linking` are the events to place, `carried` the identifiers they carry, `paired` their pairs.
-- reads: events, unsettled, agencies

-- a constant by the time that the events are read, so that those that have a case are not
set variable anew = (select coalesce(bool_or(is_placed), false) from unsettled);
create or replace temp table linking as
select e.event_key, e.area, e.identifiers, e.identifier_keys
from events e
semi join unsettled using (event_key)
where (e.case_key is null or getvariable('anew'))
  and e.standing = 'stands'
  and e.agency not in (select agency from agencies where role = 'steward');

create or replace temp table carried as
select identifier_key, area, identifier.kind as kind, identifier.value as value, events
from (
  -- of one of the events that carry it
  select
    identifier_key, count(*) as events, any_value(area) as area, unnest(any_value(identifiers)) as identifier
  from (select area, identifiers, unnest(identifier_keys) as identifier_key from linking)
  group by identifier_key
)
where identifier_key_of(area, identifier.kind, identifier.value) = identifier_key;

create or replace temp table paired as
-- nearly all events carry one identifier or two
select distinct
  least(identifier_keys[1], identifier_keys[2]) as left_key, greatest(identifier_keys[1], identifier_keys[2]) as right_key
from linking
where len(identifier_keys) = 2 and identifier_keys[1] <> identifier_keys[2]
union
select distinct a, b
from (
  select a, unnest(identifier_keys) as b
  from (select unnest(identifier_keys) as a, identifier_keys from linking where len(identifier_keys) > 2)
)
where a < b;
