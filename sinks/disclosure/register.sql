-- One row per cell of a table that was shown, by publication: what it is, and what its mark said of it.
create table if not exists shown (
  publication integer not null,
  shown_at text not null,      -- UTC, ISO 8601
  measure text not null,
  as_of text not null,         -- counted to: UTC, ISO 8601
  cuts text not null,          -- JSON: the value of each cut; a cut that is missing is a total
  cases integer not null,      -- the count, also where it was hidden
  suppressed text,             -- null: it was shown; small, secondary
  least integer not null,      -- what anybody may know: at least
  most integer,                -- and at most; null: no limit
  primary key (measure, as_of, publication, cuts)
) without rowid;
create trigger if not exists shown_is_kept before delete on shown
begin
  select raise(abort, 'what was shown cannot be taken back');
end;
create trigger if not exists shown_is_not_changed before update on shown
begin
  select raise(abort, 'what was shown cannot be taken back');
end;
