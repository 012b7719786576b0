-- What one event may join by itself, and which pairs only such events say that have several numbers of a kind.

alter table domain add column joins_alone integer default 1000;
comment on column domain.joins_alone is 'Identifiers of a kind that one event joins by itself: of the others it carries, something else has to say so.';

alter table identifier_kinds add column bears_out boolean default false;
comment on column identifier_kinds.bears_out is 'Whether numbers that stand beside one value of it, each in an event of its own, are borne out: an event may join them.';

create table plural_events (event_key ubigint not null, identifier_key ubigint not null);
comment on table plural_events is 'One row per identifier that links of an event that carries more of a kind than it may join by itself.';
comment on column plural_events.event_key is 'The event.';
comment on column plural_events.identifier_key is 'The identifier.';

create table held_joins (left_key ubigint not null, right_key ubigint not null);
comment on table held_joins is 'One row per pair of joins that joins nothing: only events say so that carry several of a kind, and nothing bears them out.';
comment on column held_joins.left_key is 'The lesser identifier key.';
comment on column held_joins.right_key is 'The greater identifier key.';

-- all that is derived is derived again, when the store is next opened with its domain
insert into store_meta
select 'derive', 'again' where exists (from events) and not exists (from store_meta where key = 'derive');
