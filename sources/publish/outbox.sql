-- What an agency has to send: one SQLite file, written by one process.

-- One row per source that has published: the last sequence number that it gave, its own or one of the outbox.
create table sources (
  source_id integer primary key,
  source text not null unique,
  last_sequence integer not null default 0
);

-- One row per place that a source publishes to: its heartbeats go there too.
create table feeds (
  source_id integer not null references sources,
  topic text not null,
  area blob not null,
  primary key (source_id, topic, area)
) without rowid;

-- One row per record, in the order in which they were added. state: 0 waits to be sent, 1 acknowledged by the broker,
-- 2 refused by it. Sent rows are deleted after some days.
create table records (
  place integer primary key autoincrement,
  state integer not null default 0 check (state in (0, 1, 2)),
  sent_at integer,  -- seconds since 1970 UTC, of the acknowledgement
  source_id integer not null references sources,
  topic text not null,
  key blob not null,
  headers text not null,  -- JSON: [[name, text], …]
  value blob not null,
  refusal text  -- the broker's reason
);

-- the place stands in an index by itself
create index waiting on records (state) where state = 0;
create index refused on records (state) where state = 2;

-- One row per event that was ever added, for good: 16 bytes of a hash over topic, source, id and content, and the
-- number that the outbox gave it (null where the event has its own).
create table known (
  event_hash blob primary key,
  sequence integer
) without rowid;

pragma user_version = 1;
