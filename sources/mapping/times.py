"""Times of a mapping as SQL: forms, zones, precision. A date is never turned into an instant, and none is guessed.

A time is read in three layers, each the columns of a query around the last: its text, what the formats make of it, and
how the clocks of its zone stood. The macros are those of `times.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from throughline.sources.mapping.forms import EPOCHS, LOCAL_EPOCHS, gives, is_absolute
from throughline.sources.mapping.parts import TimeForm

MACROS = (Path(__file__).parent / "times.sql").read_text()

ISO = r"\d{4}-\d\d-\d\d"
# no hour 24, as in RFC 3339, which every other way in is held to
_CLOCK = r"[T ](?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,30})?)?"
_OFFSET = r" ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)"
# so many digits that one of them is never taken for the other: from 1973 to 2286
_EPOCH_DIGITS = {"s": r"\d{9,10}(?:\.\d{1,6})?", "ms": r"\d{12,13}", "us": r"\d{15,16}", "ns": r"\d{18,19}"}
_EPOCH_MICROS = {
    "s": "(try_cast({} as decimal(24, 6)) * 1000000)::bigint",
    "ms": "try_cast({} as bigint) * 1000",
    "us": "try_cast({} as bigint)",
    "ns": "(try_cast({} as hugeint) // 1000)::bigint",
}


def text(value: str) -> str:
    """A SQL literal."""
    return "'" + value.replace("'", "''").replace("\x00", "") + "'"


class TimeSql:
    """The SQL of one time. `target` is event (a label or an instant), instant or date; `name` begins its columns.

    `texts`, `parsed` and `clocks` are the columns of the layers, from the inmost; what stands behind them reads `r`.
    """

    def __init__(self, name: str, given: str, form: TimeForm, zone: str, target: str) -> None:
        if target == "date":  # the day of a time is what is asked for, and a day will do
            form = replace(form, precision="day")
        self.form, self.target = form, target
        self.zone = text(form.zone or zone)
        self.given, self.local, self.utc, self.gives = (
            f"r.{name}_{part}" for part in ("text", "local", "utc", "gives")
        )
        self.before, self.after, self.fits = (f"r.{name}_{part}" for part in ("before", "after", "fits"))
        self.has_instants = any(gives(one, form.precision) == "instant" for one in form.formats)
        self.texts = {f"{name}_text": given}
        readings = [_reading(self.given, one, form) for one in form.formats]
        locals_, utcs = ([pair[place] for pair in readings if pair[place]] for place in (0, 1))
        precisions = [gives(one, form.precision) for one in form.formats]
        per_form = " ".join(
            f"when coalesce({', '.join(filter(None, pair))}) is not null then {text(given)}"
            for pair, given in zip(readings, precisions, strict=True)
        )
        self.parsed = {
            f"{name}_local": f"coalesce({', '.join([*locals_, 'null::timestamp'])})",
            f"{name}_utc": f"coalesce({', '.join([*utcs, 'null::timestamp'])})",
            f"{name}_gives": text(precisions[0]) if len(set(precisions)) == 1 else f"case {per_form} end",
            f"{name}_fits": f"list_unique([{', '.join(locals_)}])" if len(locals_) > 1 else "1",
        }
        self.clocks = {
            f"{name}_before": f"by_clocks_before({self.local}, {self.zone})",
            f"{name}_after": f"by_clocks_after({self.local}, {self.zone})",
        }
        self._clocks = f"{self.local}, {self.before}, {self.after}, {self.zone}"
        self._label = f"coalesce({self.local}, local_of({self.utc}, {self.zone}))"

    @property
    def _instant(self) -> str:
        twice = text(self.form.twice)
        return f"coalesce({self.utc}, instant_of({self._clocks}, {twice}))"

    @property
    def at(self) -> str:
        """What it says, null where it says nothing: a timestamp; for a date its text."""
        label = f"date_trunc({self.gives}, {self._label})"
        if self.target == "date":
            return f"({self._label})::date::varchar"
        if self.target == "event":
            ranged = f"date_trunc('day', {self._label})"
            return f"case {self.gives} when 'instant' then coalesce({self._instant}, {ranged}) else {label} end"
        edge = f"{self.form.at or 'start'}_of({self._label}, {self.gives}, {self.zone})"
        return f"case {self.gives} when 'instant' then {self._instant} else {edge} end"

    @property
    def precision(self) -> str:
        """Of an event: that of its format; a day where the clock does not say which of two times it was."""
        return f"case when {self.gives} = 'instant' and {self._instant} is null then 'day' else {self.gives} end"

    @property
    def revision(self) -> str:
        """The revision that a snapshot of this time has."""
        instant, day, month = (
            f"strftime({self.at}, {text(form)})" for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d", "%Y-%m")
        )
        return f"case {self.precision} when 'instant' then {instant} when 'day' then {day} else {month} end"

    @property
    def normal(self) -> str:
        """The one text of a time, however it is written: for an id. Of a local time that occurs twice the local one."""
        clock = f"coalesce(written_clock({self._instant}) || 'Z', written_clock({self.local}))"
        day, month = (f"strftime({self._label}, {text(form)})" for form in ("%Y-%m-%d", "%Y-%m"))
        normal = f"case {self.gives} when 'instant' then {clock} when 'day' then {day} else {month} end"
        return f"coalesce({normal}, {self.given})"

    def faults(self, column: str) -> Iterator[tuple[str, str]]:
        """When it is none, and why."""
        yield (
            f"{self.given} is not null and {self.local} is null and {self.utc} is null",
            f"`{column}` is not a time of the form that the mapping says",
        )
        if self.parsed[self.fits.removeprefix("r.")] != "1":
            yield f"{self.fits} > 1", f"`{column}` fits two of the mapping's formats, which read different times in it"
        if not self.has_instants or self.target == "date":
            return
        is_instant = f"{self.utc} is null and {self.gives} = 'instant'"
        if self.form.twice == "refuse" or (self.target == "instant" and not self.form.twice):
            yield (
                f"{is_instant} and is_twice({self._clocks})",
                f"`{column}` is a time that the clock showed twice, as clocks went back: `twice:` says what it means",
            )
        if self.form.skipped != "range":
            yield (
                f"{is_instant} and is_skipped({self._clocks})",
                f"`{column}` is a time that no clock showed, as clocks went forward: look at its zone",
            )


def _reading(given: str, format_: str, form: TimeForm) -> tuple[str, str]:
    """What a format makes of a text: SQL of a local time and of one in UTC, null where it has another form; '' for
    the one that the format never gives."""
    if format_ in (*EPOCHS, *LOCAL_EPOCHS):
        unit = format_.partition("_")[2]
        micros = _EPOCH_MICROS[unit].format(given)
        read = f"case when regexp_full_match({given}, {text(_EPOCH_DIGITS[unit])}) then make_timestamp({micros}) end"
        return ("", read) if format_ in EPOCHS else (read, "")
    if format_ == "epoch_days":
        days = f"case when regexp_full_match({given}, '-?[0-9]{{1,5}}') then {given}::int end"
        return f"timestamp '1970-01-01' + to_days({days})", ""
    if format_ != "iso":
        # strptime takes `infinity` and `epoch` for times, whatever its form.
        read = f"try_strptime(case when regexp_matches({given}, '[0-9]') then {given} end, {text(format_)})"
        read = f"({read} at time zone 'UTC')" if is_absolute(format_) else f"{read}::timestamp"
        if form.short_years is not None:
            read = f"in_century({read}, {form.short_years})"
        return ("", read) if is_absolute(format_) else (read, "")
    # A date is never turned into a midnight: an instant needs a time of day.
    clock = _CLOCK if gives("iso", form.precision) == "instant" else f"(?:{_CLOCK})?"
    date, whole = ISO, given
    if form.precision == "month":
        date = r"\d{4}-\d\d(?:-\d\d)?"
        whole = f"case when length({given}) = 7 then {given} || '-01' else {given} end"
    return (
        f"case when regexp_full_match({given}, {text(date + clock)}) then try_cast({whole} as timestamp) end",
        f"case when regexp_full_match({given}, {text(ISO + _CLOCK + _OFFSET)}) "
        f"then (try_cast(to_cast({given}) as timestamptz) at time zone 'UTC') end",
    )
