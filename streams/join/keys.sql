-- Keys: stable in every version of DuckDB, since the public case ids are made of them (docs/rules.md, section 2).
create or replace temp macro key64(words) as md5_number_lower(words);
create or replace temp macro event_key_of(source, id) as key64(source || chr(31) || id);
create or replace temp macro identifier_key_of(area, kind, value) as key64(area || chr(31) || kind || chr(31) || value);
-- what two copies of an event must agree in; shown to stewards as the name of a copy
create or replace temp macro content_hash_of(e) as md5(concat_ws(chr(31),
  e.type, e.version::varchar, e.area, e.agency, coalesce(e.unit, chr(30)),
  e.occurred_at::varchar, e.occurred_precision, coalesce(e.sequence, chr(30)), list_sort(e.identifiers)::varchar,
  coalesce(e.decision, chr(30)), coalesce(e.reason, chr(30)), coalesce(e.reference, chr(30)),
  coalesce(e.answers, chr(30)), coalesce(e.about, chr(30)), coalesce(e.holder, chr(30)),
  coalesce(e.due_at::varchar, chr(30)), coalesce(e.effect_at::varchar, chr(30)),
  coalesce(e.enhanced::varchar, chr(30)), coalesce(e.channel, chr(30)), coalesce(e.victim, chr(30)),
  coalesce(e.officer, chr(30)), coalesce(e.correlation, chr(30)), coalesce(e.causation, chr(30)), e.data));
-- the keys of those of an event's identifiers that link
create or replace temp macro linking_keys(area, identifiers) as list_transform(
  list_filter(identifiers, lambda x: list_contains(getvariable('linking_kinds'), x.kind)),
  lambda x: identifier_key_of(area, x.kind, x.value)
);
-- a sequence that is a whole number: numbers stand in their order, before all other text
create or replace temp macro sequence_number(sequence) as
  case when regexp_full_match(sequence, '[0-9]{1,38}') then sequence::hugeint end;
