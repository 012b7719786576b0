-- The id of a record in quarantine: made of what it is and why it is there, not of where or when it was read.
create or replace temp macro quarantine_id_of(reason, raw, source, id) as
  -- lower 64 bits of an MD5 over parts that are each of fixed length or hexadecimal
  md5_number_lower(concat_ws(
    ':', md5(reason), coalesce(md5(raw), '-'), coalesce(md5(source), '-'), coalesce(md5(id), '-')
  ));
