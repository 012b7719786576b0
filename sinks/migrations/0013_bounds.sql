-- What a number looks like that may join cases, and what stands for none; how many events carry one; to when events reach.

alter table identifier_kinds add column links_as varchar default '';
comment on column identifier_kinds.links_as is 'Form of the values that join cases (RE2, of kind and value); empty for every form.';

alter table identifier_kinds add column hub_events integer default 1000;
comment on column identifier_kinds.hub_events is 'More events than this that carry a value make it a hub, which joins nothing.';

create table joins_nothing (form varchar not null);
comment on table joins_nothing is 'One row per form of values that join nothing, whatever their kind: what stands where there is no number.';
comment on column joins_nothing.form is 'The form (RE2, of the whole value, without regard to case).';
