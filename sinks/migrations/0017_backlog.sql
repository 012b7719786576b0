-- Which records were read that their publisher had marked as a backlog: history that is loaded for the first time.

create table backlog_runs (
  origin varchar not null,
  first_position bigint not null,
  last_position bigint not null
);
comment on table backlog_runs is 'One row per run of records that are marked as a backlog, one behind the other in what they were read from.';
comment on column backlog_runs.origin is 'What they were read from: topic and partition.';
comment on column backlog_runs.first_position is 'Position of the first of them.';
comment on column backlog_runs.last_position is 'Position of the last of them.';

alter table case_facts add column backlog boolean;
comment on column case_facts.backlog is 'True where all that is known of the case came as a backlog: it raises no alert until something else is said of it. Otherwise null.';
