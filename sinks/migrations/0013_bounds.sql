-- What a number looks like that may join cases, and what stands for none.

alter table identifier_kinds add column links_as varchar default '';
comment on column identifier_kinds.links_as is 'Form of the values that join cases (RE2, of kind and value); empty for every form.';

create table joins_nothing (form varchar not null);
comment on table joins_nothing is 'One row per form of values that join nothing, whatever their kind: what stands where there is no number.';
comment on column joins_nothing.form is 'The form (RE2, of the whole value, without regard to case).';
