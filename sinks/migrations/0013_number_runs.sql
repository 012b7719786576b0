-- Which of the numbers that the outbox of a publisher gave to its records have been read, so that gaps show.

create table number_runs (
  source varchar not null,
  area varchar not null,
  series varchar not null,
  first_number bigint not null,
  last_number bigint not null,
  first_at timestamp not null,
  last_at timestamp not null
);
comment on table number_runs is 'One row per run of numbers without a gap that was read, of a source, an area and an outbox.';
comment on column number_runs.source is 'The publishing system.';
comment on column number_runs.area is 'Area of the records: each is numbered by itself, from 1.';
comment on column number_runs.series is 'Which outbox gave the numbers: a new one begins again.';
comment on column number_runs.first_number is 'First number of the run.';
comment on column number_runs.last_number is 'Last number of the run.';
comment on column number_runs.first_at is 'When the broker first had a record of the run (UTC).';
comment on column number_runs.last_at is 'When the broker last had one (UTC).';
