-- How far the tables of databases were read, kept in the outbox in the transactions that take their events.

-- One row per table that is read in one way: what to go on from, as JSON.
create table if not exists readings (
  reading text primary key,
  state text not null
) without rowid;

-- One row per row of a table that gave no event, by its key as JSON: where it stood wrong, and why; not what it says.
create table if not exists refused_rows (
  reading text not null,
  row_key text not null,
  reason text not null,
  field text,
  detail text not null,
  primary key (reading, row_key)
) without rowid;
