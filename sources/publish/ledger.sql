-- What an outbox notes beside the records: what was read and refused, how far, and what was sent for good.

-- One row per partition of a topic, or whatever else is read on from where it was left: where to go on. identity: which
-- of several things of that name it is, as the id of a topic is.
create table positions (
  origin text primary key,
  identity text not null,
  next_position integer not null
) without rowid;

-- One row per day (UTC) and thing that was read: what became of its records. way: file, changes, database, http.
create table deliveries (
  way text not null,
  origin text not null,
  day text not null,
  read integer not null,
  new integer not null,
  known integer not null,
  refused integer not null,
  left_out integer not null,
  backlog integer not null,  -- of those read, what had stood there before the first look
  primary key (way, origin, day)
) without rowid;

-- One row per record that was refused here and never sent, without what it says.
create table refusals (
  origin text not null,
  position integer not null,
  part integer not null,  -- a record may give several events
  refused_at integer not null,  -- seconds since 1970 UTC, the first time
  reason text not null,
  field text,
  detail text not null,
  source text,
  event_id text,
  type text,
  primary key (origin, position, part)
) without rowid;

-- One row per record that was acknowledged and then deleted from `records`: what it was, for good.
create table shipped (
  place integer primary key,
  source_id integer not null references sources,
  area text not null,
  event_id text not null,
  type text not null,
  revision text,
  retracts integer not null,
  sequence text,
  recorded text not null,  -- its time of recording, or its own
  content_hash text,  -- of its Avro; null for one that went as JSON
  sent_at integer not null
);

-- which outbox numbers the records of a feed, and the last number that it gave
alter table feeds add column series text not null default '';
alter table feeds add column last_number integer not null default 0;

pragma user_version = 2;
