-- What may be shown of the other fields of an event: those that the catalogue lets others see, by its type.

create table shareable_fields (type varchar not null, fields varchar[] not null);
comment on table shareable_fields is 'One row per type of the catalogue: the fields that others may see. Of a type that is restricted there is none.';
comment on column shareable_fields.type is 'Type in the catalogue.';
comment on column shareable_fields.fields is 'Names of its fields that are not restricted.';

-- what is on no list is left out: a field that nobody has judged, and all of a type that has no row (`fields` null)
create macro shareable_part(data, fields) as case
  when data = '{}' or coalesce(len(fields), 0) = 0 then '{}'
  when list_has_all(fields, json_keys(data)) then data
  else '{' || array_to_string(list_transform(
    list_filter(json_keys(data), lambda k: list_contains(fields, k)),
    lambda k: to_json(k)::varchar || ':' || (data->('$."' || k || '"'))::varchar
  ), ',') || '}'
end;

create view shareable_events as
select e.* replace (shareable_part(e.data, s.fields) as data)
from dated_events e
left join shareable_fields s using (type);
comment on view shareable_events is 'One row per event as `dated_events` has it, with those of its other fields that others may see.';
