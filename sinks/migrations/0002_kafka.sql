-- What a store that is fed from Kafka keeps besides: how far it has read, and what it has still to say to others.

create table log_positions (
  topic varchar not null,
  partition integer not null,
  topic_id varchar not null,
  next_offset bigint not null
);
comment on table log_positions is 'One row per topic and partition that the store is fed from: how far it has come. Written in the transaction that brought the records.';
comment on column log_positions.topic is 'Topic of Kafka.';
comment on column log_positions.partition is 'Partition number.';
comment on column log_positions.topic_id is 'Id that the broker gave the topic: a topic that was deleted and made again has another.';
comment on column log_positions.next_offset is 'Offset of the first record that was not taken yet.';

create table outgoing_cases (case_key ubigint not null);
comment on table outgoing_cases is 'One row per case, perhaps more, that has changed since it was last published to the shared topics.';
comment on column outgoing_cases.case_key is 'The case; one that is gone is published as deleted.';

create table outgoing_quarantine (quarantine_id ubigint not null);
comment on table outgoing_quarantine is 'One row per record in quarantine that was not published to the shared topics yet.';
comment on column outgoing_quarantine.quarantine_id is 'The record.';

create table heartbeats (
  source varchar not null,
  area varchar not null,
  sent_at timestamp not null,
  sequence bigint,
  waiting bigint,
  every_seconds double
);
comment on table heartbeats is 'One row per source and area: the latest sign of life that its publisher sent.';
comment on column heartbeats.source is 'The publishing system.';
comment on column heartbeats.area is 'Area that it spoke for.';
comment on column heartbeats.sent_at is 'When it was sent (UTC).';
comment on column heartbeats.sequence is 'Last number that the publisher gave to an event.';
comment on column heartbeats.waiting is 'Events that waited to be sent.';
comment on column heartbeats.every_seconds is 'How often a sign of life is to be expected, in seconds.';
