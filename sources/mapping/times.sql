-- Macros, one value each: how the times of a mapping are read. No clock is asked: all comes from the text and the zone.

-- a time UTC on the clocks of a zone, and what they read there as a time UTC where there is but one such time
create macro local_of(utc, zone) as (utc at time zone 'UTC') at time zone zone;
create macro utc_of(local, zone) as (local at time zone zone) at time zone 'UTC';

-- a time with an offset as a cast reads it: Z is great, nothing stands before it, and seconds are there
create macro to_cast(written) as
  regexp_replace(regexp_replace(upper(written), ' ?([Z+-][0-9:]*)$', '\1'), '^(.{16})([Z+-])', '\1:00\2');

-- a local time as UTC by the clocks of a day before and of a day after: where they differ, the clocks are changed near it
create macro by_clocks_before(local, zone) as local - (local_of(local - interval 1 day, zone) - (local - interval 1 day));
create macro by_clocks_after(local, zone) as local - (local_of(local + interval 1 day, zone) - (local + interval 1 day));

create macro is_twice(local, before, after, zone) as
  coalesce(before <> after and local_of(before, zone) = local and local_of(after, zone) = local, false);
create macro is_skipped(local, before, after, zone) as
  coalesce(before <> after and local_of(before, zone) <> local and local_of(after, zone) <> local, false);

-- the one time UTC of a local time; of one that occurs twice that which `twice` says, else null
create macro instant_of(local, before, after, zone, twice) as
  case
    when before = after then before
    when is_twice(local, before, after, zone) then
      case twice when 'earlier' then least(before, after) when 'later' then greatest(before, after) end
    when local_of(after, zone) = local then after
    when local_of(before, zone) = local then before
  end;

-- the first and the last moment of a day or month in a zone
create macro start_of(local, gives, zone) as utc_of(date_trunc(gives, local), zone);
create macro end_of(local, gives, zone) as
  utc_of(date_trunc(gives, local) + if(gives = 'month', interval 1 month, interval 1 day), zone)
  - interval 1 microsecond;

-- the year of two digits, which strptime sets from 1969 to 2068, from `first_year` on
create macro in_century(moment, first_year) as
  moment + to_years(case when year(moment) < first_year then 100 when year(moment) >= first_year + 100 then -100 else 0 end);

create macro written_clock(moment) as
  if(
    microsecond(moment) % 1000000 = 0,
    strftime(moment, '%Y-%m-%dT%H:%M:%S'), strftime(moment, '%Y-%m-%dT%H:%M:%S.%f')
  );
