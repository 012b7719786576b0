-- Events of the batch that carry more identifiers of a kind than one event joins by itself: rows of `plural_events`.
-- `touched` has the identifiers of which events, stewards or withdrawals say something here.
-- reads: linking, carried, unsettled_identifiers, plural_events
create or replace temp table touched as
select identifier_key from carried union select identifier_key from unsettled_identifiers;

delete from plural_events where event_key in (select event_key from linking);

insert into plural_events
with several as (
  select event_key, area, identifiers, identifier_keys
  from linking
  where len(identifier_keys) > getvariable('joins_alone')
    -- nearly all have one of each kind
    and len(identifiers) > len(list_distinct(list_transform(identifiers, lambda x: x.kind)))
),
carried_by as (
  select event_key, identifier.kind as kind, identifier_key_of(area, identifier.kind, identifier.value) as identifier_key
  from (select event_key, area, identifier_keys, unnest(identifiers) as identifier from several)
  where list_contains(identifier_keys, identifier_key_of(area, identifier.kind, identifier.value))
)
select event_key, identifier_key
from carried_by
where event_key in (select event_key from carried_by group by event_key, kind having count(*) > getvariable('joins_alone'));
