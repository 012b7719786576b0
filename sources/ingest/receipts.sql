-- What was said of each request that was taken: one SQLite file beside the outbox.

-- One row per receipt. publisher: the source of the token. idempotency_key and fingerprint (of the request) are null where
-- the publisher gave no key. body: the receipt, JSON, packed by zlib.
create table receipts (
  receipt_id text primary key,
  publisher text not null,
  taken_at integer not null,  -- seconds since 1970 UTC
  idempotency_key text,
  fingerprint blob,
  body blob not null
) without rowid;

create unique index keys on receipts (publisher, idempotency_key) where idempotency_key is not null;
create index ages on receipts (taken_at);

pragma user_version = 1
