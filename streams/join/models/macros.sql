-- Times as intervals, and keys. The time zone of the domain stands in the variable `time_zone`.

-- the instant (UTC) at which a local time label begins
create or replace temp macro begins(label) as
  timezone('UTC', timezone(getvariable('time_zone'), label));
create or replace temp macro earliest(t, prec) as
  case when prec = 'instant' then t else begins(t) end;
create or replace temp macro latest(t, prec) as
  case prec
    when 'instant' then t
    when 'day' then begins(t + interval 1 day)
    when 'month' then begins(t + interval 1 month)
    -- so many days or months
    else begins(t + try_cast(prec as interval))
  end;
create or replace temp macro local_date(t) as
  timezone(getvariable('time_zone'), timezone('UTC', t))::date;
create or replace temp macro first_date(t, prec) as
  case when prec = 'instant' then local_date(t) else t::date end;
-- the last day, given the first: the calendar is asked once
create or replace temp macro last_date(first_date, prec) as
  case prec
    when 'instant' then first_date
    when 'day' then first_date
    when 'month' then (first_date + interval 1 month)::date - 1
    else (first_date + try_cast(prec as interval))::date - 1
  end;
create or replace temp macro seconds_between(a, b) as (epoch_us(b) - epoch_us(a)) / 1e6;
-- the first day too, for the many rows of a model: `day` is the row of `days` for the date of t in UTC
create or replace temp macro local_day(t, prec, day) as
  case
    when prec <> 'instant' then t::date
    when day.is_plain then
      case when t < day.starts_at then day.day - 1 when t >= day.next_at then day.day + 1 else day.day end
    else local_date(t)
  end;
-- when a clock is due that stood still for `paused` (in its unit): a time that was set for the case and hours are moved on;
-- the end of a day already is
create or replace temp macro due_moved(set_due_at, unit, start, amount, paused, day_end) as
  case
    when set_due_at is not null then set_due_at + to_microseconds((paused * 3600e6)::bigint)
    when unit = 'hours' then start + to_microseconds(((amount + paused) * 3600e6)::bigint)
    else day_end
  end;
