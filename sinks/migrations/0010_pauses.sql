-- The pauses of a clock that are over: a clock counted to an earlier day counts only those that were over by then.

create table pause_facts (
  case_key ubigint not null,
  standard varchar not null,
  version varchar not null,
  start_event ubigint not null,
  position integer not null,
  from_at timestamp not null,
  from_earliest timestamp not null,
  from_latest timestamp not null,
  from_first date not null,
  from_last date not null,
  to_at timestamp not null,
  paused double not null,
  due_at timestamp,
  due_latest timestamp
);
comment on table pause_facts is 'One row per pause of a clock that is over: what the clock counted until then, and when it was due.';
comment on column pause_facts.case_key is 'The case.';
comment on column pause_facts.standard is 'Id of the standard.';
comment on column pause_facts.version is 'Version of the standard.';
comment on column pause_facts.start_event is 'Event that started the clock.';
comment on column pause_facts.position is 'Its place among the pauses of the clock, from 1.';
comment on column pause_facts.from_at is 'When it began.';
comment on column pause_facts.from_earliest is 'The earliest moment at which it can have begun (UTC).';
comment on column pause_facts.from_latest is 'The latest such moment (UTC).';
comment on column pause_facts.from_first is 'The first local day on which it can have begun.';
comment on column pause_facts.from_last is 'The last such day.';
comment on column pause_facts.to_at is 'When it was over: the clock ran on, or had stopped.';
comment on column pause_facts.paused is 'How long the clock had stood still before it, in the unit of the clock (days for months).';
comment on column pause_facts.due_at is 'When the clock was due until it was over; null without a limit.';
comment on column pause_facts.due_latest is 'As due_at, counted from the latest that the start can have been.';

-- derived for the cases that can have one
insert into unsettled_cases
select distinct case_key
from events
where case_key is not null and type in (select type from standard_events where role = 'pause');
