"""Times of a mapping as SQL: forms, zones, precision. A date is never turned into an instant."""

from __future__ import annotations

from throughline.sources.mapping.parts import Time

ISO = r"\d{4}-\d\d-\d\d"
CLOCK = r"[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,30})?)?"
OFFSET = r" ?(?:Z|[+-]\d\d(?::?\d\d)?)"


def text(value: str) -> str:
    """A SQL literal."""
    return "'" + value.replace("'", "''").replace("\x00", "") + "'"


def time_sql(given: str, form: str, time: Time) -> str:
    """The time that the SQL `given` gives as text of a form; null where it has another form."""
    if form != "iso":
        # strptime takes `infinity` and `epoch` for times, whatever its form.
        given = f"case when regexp_matches({given}, '[0-9]') then {given} end"
        if "%z" in form:
            return _label(f"(try_strptime({given}, {text(form)}) at time zone {_target(time)})", time)
        return _label(_local(f"try_strptime({given}, {text(form)})", time), time)
    # A date is never turned into a midnight: an instant needs a time of day.
    clock = CLOCK if time.precision == "instant" else f"(?:{CLOCK})?"
    date = r"\d{4}-\d\d(?:-\d\d)?" if time.precision == "month" else ISO
    whole = (
        f"case when length({given}) = 7 then {given} || '-01' else {given} end" if time.precision == "month" else given
    )
    local = _local(f"try_cast({whole} as timestamp)", time)
    absolute = f"(try_cast({whole} as timestamptz) at time zone {_target(time)})"
    return _label(
        f"case when regexp_full_match({given}, {text(date + clock)}) then {local} "
        f"when regexp_full_match({given}, {text(ISO + CLOCK + OFFSET)}) then {absolute} end",
        time,
    )


def _target(time: Time) -> str:
    return text("UTC" if time.precision == "instant" else time.zone)


def _local(local: str, time: Time) -> str:
    # Of a local time that occurs twice, the later; one that the change to summer time skips is an hour
    # on (ICU).
    if time.precision != "instant" or time.zone == "UTC":
        return local
    return f"(({local} at time zone {text(time.zone)}) at time zone 'UTC')"


def _label(parsed: str, time: Time) -> str:
    return f"date_trunc('{time.precision}', {parsed})" if time.precision != "instant" else f"({parsed})"


def instant_sql(time: Time, parsed: str) -> str:
    """A parsed time as an instant: of a day or month the beginning in the zone."""
    # recorded_at has no precision: of a day or month it is the beginning, in the zone.
    if time.precision == "instant":
        return parsed
    return f"(({parsed} at time zone {text(time.zone)}) at time zone 'UTC')"
