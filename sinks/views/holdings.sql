-- One row per holding: an unbroken interval in which one agency and unit held the case.
create or replace view holdings as
with asked as (
  select
    coalesce(getvariable('as_of')::timestamp, max(last_at)) as as_of,
    coalesce(getvariable('as_of')::timestamp, max(last_at))::date as as_of_date
  from case_facts
)
select
  'c' || lpad(lower(to_hex(h.case_key)), 16, '0') as case_id,
  h.position,
  h.agency,
  h.unit,
  h.from_at,
  h.to_at,
  (epoch_us(coalesce(h.to_at, greatest(asked.as_of, h.from_at))) - epoch_us(h.from_at)) / 1e6 as seconds,
  b.working_days - a.working_days as working_days,
  h.from_precision,
  h.to_precision
from holding_facts h
cross join asked
join calendar a on a.day = h.from_date
join calendar b on b.day = coalesce(h.to_date, greatest(asked.as_of_date, h.from_date));
comment on view holdings is 'One row per holding: an unbroken interval in which one agency and unit held the case.';
comment on column holdings.case_id is 'The case.';
comment on column holdings.position is 'Place in the case, from 1.';
comment on column holdings.agency is 'Agency that held it.';
comment on column holdings.unit is 'Unit that held it, if known.';
comment on column holdings.from_at is 'When it began.';
comment on column holdings.to_at is 'When it ended; null while it lasts.';
comment on column holdings.seconds is 'How long, in seconds; up to `as_of` while it lasts.';
comment on column holdings.working_days is 'Working days after the first date up to and including the last; up to `as_of` while it lasts.';
comment on column holdings.from_precision is 'Precision of from_at: instant, day or month.';
comment on column holdings.to_precision is 'Precision of to_at.';
