-- What cases are about: the facets of the domain, and what was stated of each case. A store of a domain with facets finds
-- that its rules have changed, and derives everything again.

create table facets (facet varchar not null, ordinal integer not null, title varchar not null, doc varchar not null);
comment on table facets is 'One row per facet by which cases are told apart: a column of the view `cases`.';
comment on column facets.facet is 'Name of the column.';
comment on column facets.ordinal is 'Its place among them, from 0.';
comment on column facets.title is 'What people call it.';
comment on column facets.doc is 'What it means.';

create table facet_values (facet varchar not null, ordinal integer not null, value varchar not null, label varchar not null);
comment on table facet_values is 'One row per value that a facet may have.';
comment on column facet_values.facet is 'The facet.';
comment on column facet_values.ordinal is 'Place of the value in its list, from 0.';
comment on column facet_values.value is 'The value.';
comment on column facet_values.label is 'What people call it.';

create table facet_statements (
  facet varchar not null, type varchar not null, when_decision varchar, field varchar, value varchar
);
comment on table facet_statements is 'One row per type that states a facet, and decision with which it does.';
comment on column facet_statements.facet is 'The facet.';
comment on column facet_statements.type is 'Type of the events.';
comment on column facet_statements.when_decision is 'The decision with which they state it; null for every one.';
comment on column facet_statements.field is 'The field that has the value; null where the type itself says it.';
comment on column facet_statements.value is 'The value, where the type itself says it.';

alter table case_facts add column facets struct(facet varchar, "value" varchar, stated_at timestamp)[];
comment on column case_facts.facets is 'What it is about: each value of a facet from when it was stated, in the order of its events; null where nothing states any.';

-- the last value of a facet that was stated by the time that is asked for
create macro stated_facet(facets, name) as list_last(list_filter(
  facets,
  lambda f: f.facet = name and f.stated_at <= coalesce(getvariable('as_of')::timestamp, 'infinity'::timestamp)
)).value;
