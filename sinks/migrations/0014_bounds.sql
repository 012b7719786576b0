-- What a number looks like that may join cases, and what stands for none; how many events carry one; to when events reach.

alter table identifier_kinds add column links_as varchar default '';
comment on column identifier_kinds.links_as is 'Form of the values that join cases (RE2, of kind and value); empty for every form.';

alter table identifier_kinds add column hub_events integer default 1000;
comment on column identifier_kinds.hub_events is 'More events than this that carry a value make it a hub, which joins nothing.';

create table joins_nothing (form varchar not null);
comment on table joins_nothing is 'One row per form of values that join nothing, whatever their kind: what stands where there is no number.';
comment on column joins_nothing.form is 'The form (RE2, of the whole value, without regard to case).';

alter table domain add column ahead_days integer default 1;
comment on column domain.ahead_days is 'Days by which an event may lie after it was received, as clocks differ, and still count for as_of.';

alter table case_facts add column reached_at timestamp;
comment on column case_facts.reached_at is 'Time of its latest event that had happened when it was received; the latest of all cases is `as_of` where none is given.';
comment on column case_facts.last_at is 'Time of its latest event, also one that lies ahead.';

-- by the time that the view counts to, which is no longer that of the last statement
create or replace macro stated_facet(facets, name, counted_to) as list_last(list_filter(
  facets,
  lambda f: f.facet = name and f.stated_at <= coalesce(counted_to, 'infinity'::timestamp)
)).value;

-- all that is derived is derived again, when the store is next opened with its domain
insert into store_meta
select 'derive', 'again' where exists (from events) and not exists (from store_meta where key = 'derive');
