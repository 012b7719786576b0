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
comment on column shareable_events.event_key is 'Lower 64 bits of the MD5 of area, U+001F, source, U+001F and id.';
comment on column shareable_events.case_key is 'The case it belongs to; null while it waits to be linked, for stewards'' acts, and where it does not stand.';
comment on column shareable_events.source is 'The system that published it (CloudEvents source).';
comment on column shareable_events.event_id is 'The publisher''s id of it (CloudEvents id); unique within its source and area.';
comment on column shareable_events.type is 'Catalogue name, for example police.crime.recorded.';
comment on column shareable_events.version is 'Version of the catalogue entry that it was written with.';
comment on column shareable_events.area is 'Area that it belongs to (police force code); identifiers never link across areas.';
comment on column shareable_events.agency is 'Agency that says it happened.';
comment on column shareable_events.unit is 'Unit of that agency, if stated.';
comment on column shareable_events.occurred_at is 'When it happened: UTC for an instant, the label of the day or month otherwise.';
comment on column shareable_events.occurred_precision is 'instant, day, month, or so many days or months.';
comment on column shareable_events.recorded_at is 'The earliest time that any copy states at which the agency wrote it down (UTC).';
comment on column shareable_events.received_at is 'The earliest time at which a copy was accepted (UTC).';
comment on column shareable_events.sequence is 'The publisher''s own order of its events: whole numbers as numbers, then text.';
comment on column shareable_events.identifiers is 'Identifiers that it carries, normalised.';
comment on column shareable_events.identifier_keys is 'Keys of those of its identifiers that may link.';
comment on column shareable_events.decision is 'What was decided, if it decides something (a value of the catalogue).';
comment on column shareable_events.reason is 'Reasons, sorted and joined by "; ".';
comment on column shareable_events.reference is 'Id of the thing that it opens: a promise, a request, an item of an action plan.';
comment on column shareable_events.answers is 'The reference that it answers.';
comment on column shareable_events.about is 'Id of the event that the victim is told of.';
comment on column shareable_events.holder is 'The agency that the publisher says holds the case.';
comment on column shareable_events.due_at is 'When its answer is due, set for this case (UTC).';
comment on column shareable_events.effect_at is 'When a decision takes effect (UTC).';
comment on column shareable_events.enhanced is 'Whether the victim has enhanced rights, if it says so.';
comment on column shareable_events.channel is 'How a communication was made.';
comment on column shareable_events.victim is 'Keyed pseudonym of the victim.';
comment on column shareable_events.officer is 'Keyed pseudonym of the officer or worker.';
comment on column shareable_events.correlation is 'Correlation id.';
comment on column shareable_events.causation is 'Id of the event that caused it.';
comment on column shareable_events.data is 'Its other fields, as JSON: those that the catalogue lets others see; none of a type that is restricted.';
comment on column shareable_events.standing is 'stands, superseded, retraction or conflict.';
comment on column shareable_events.origin is 'File or topic-partition that the first copy was read from.';
comment on column shareable_events.position is 'Line, row or offset of the first copy there.';
comment on column shareable_events.retracts is 'True where the source takes the event back, else null.';
comment on column shareable_events.revised is 'True where the source said otherwise at a lower revision, else null.';
