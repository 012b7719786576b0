-- Keys: stable in every version of DuckDB, since the public case ids are made of them (docs/rules.md, section 2).
create or replace temp macro key64(words) as md5_number_lower(words);
create or replace temp macro event_key_of(area, source, id) as key64(area || chr(31) || source || chr(31) || id);
create or replace temp macro identifier_key_of(area, kind, value) as key64(area || chr(31) || kind || chr(31) || value);
-- the keys of those of an event's identifiers that link
create or replace temp macro linking_keys(area, identifiers) as list_transform(
  list_filter(
    identifiers,
    lambda x: regexp_full_match(x.kind || ':' || x.value, getvariable('linking_form'))
      and not regexp_full_match(x.value, getvariable('joins_nothing'))
  ),
  lambda x: identifier_key_of(area, x.kind, x.value)
);
