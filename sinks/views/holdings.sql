-- One row per holding: an unbroken interval in which one agency and unit held the case.
create or replace view holdings as
with asked as (
  select as_of, timezone(d.time_zone, timezone('UTC', as_of))::date as as_of_date
  from (select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts)
  cross join domain d
),
spans as (
  select
    h.* replace (
      if(h.to_at > asked.as_of, null, h.to_at) as to_at,
      if(h.to_at > asked.as_of, null, h.to_precision) as to_precision
    ),
    coalesce(if(h.to_at > asked.as_of, asked.as_of, h.to_at), greatest(asked.as_of, h.from_at)) as until_at,
    coalesce(if(h.to_date > asked.as_of_date, asked.as_of_date, h.to_date), greatest(asked.as_of_date, h.from_date)) as until_date
  from holding_facts h
  cross join asked
  -- what began later had not begun
  where coalesce(h.from_at <= asked.as_of, true)
)
select
  'c' || lpad(lower(to_hex(s.case_key)), 16, '0') as case_id,
  s.position,
  s.agency,
  s.unit,
  s.from_at,
  s.to_at,
  (epoch_us(s.until_at) - epoch_us(s.from_at)) / 1e6 as seconds,
  b.working_days - a.working_days as working_days,
  s.from_precision,
  s.to_precision
from spans s
join calendar a on a.day = s.from_date
join calendar b on b.day = s.until_date;
comment on view holdings is 'One row per holding: an unbroken interval in which one agency and unit held the case.';
comment on column holdings.case_id is 'The case.';
comment on column holdings.position is 'Place in the case, from 1.';
comment on column holdings.agency is 'Agency that held it.';
comment on column holdings.unit is 'Unit that held it, if known.';
comment on column holdings.from_at is 'When it began.';
comment on column holdings.to_at is 'When it ended; null while it lasts.';
comment on column holdings.seconds is 'How long, in seconds; up to `as_of` while it lasts.';
comment on column holdings.working_days is 'Working days after the first date up to and including the last; up to `as_of` while it lasts.';
comment on column holdings.from_precision is 'Precision of from_at: instant, day, month, or so many days or months.';
comment on column holdings.to_precision is 'Precision of to_at.';
