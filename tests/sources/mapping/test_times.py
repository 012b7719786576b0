"""Times in an export: each is what its text, its format and its zone say, is known no better than that, or is refused.

Written in the local times of London, which the clock shows twice from 01:00 to 02:00 on 26 October 2025 and not at all
on 29 March 2026.
"""
# ruff: noqa: DTZ001 — columns hold UTC and labels without a zone

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from listed_stewards import with_stewards

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

DOMAIN = load_domain()
MAPPING = """
title: T
source: urn:test
area: {constant: "20"}
unit: {constant: 20PP}
identifiers: {crime_ref: no}
type: {constant: TYPE}
time: TIME
id: {columns: [no]}
"""


def read(folder: Path, written: list[str], time: str, more: str = "", kind: str = "police.crime.recorded") -> Batch:
    """The events of crimes, or of stewards who are listed, whose column `at` has these texts."""
    domain = with_stewards(DOMAIN, "urn:test") if kind.startswith("steward.") else DOMAIN
    (folder / "a.csv").write_text("no;at\n" + "".join(f"{no};{text}\n" for no, text in enumerate(written, 1)))
    fields = "fields: {offence_group: {constant: stalking}}\n" if "fields:" not in more else ""
    text = MAPPING.replace("TIME", time).replace("TYPE", kind) + fields + more
    (folder / "m.yaml").write_text(text)
    batches = list(read_mapped(folder / "a.csv", load_mapping(folder / "m.yaml"), domain))
    return Batch(pa.concat_tables(b.events for b in batches), pa.concat_tables(b.rejects for b in batches))


def happened(batch: Batch) -> list[tuple[str, str]]:
    rows = batch.events.select(["occurred_at", "occurred_precision"]).to_pylist()
    return [(row["occurred_at"].isoformat(), row["occurred_precision"]) for row in rows]


def refused(batch: Batch) -> list[tuple[str, str | None]]:
    return [(row["reason"], row["field"]) for row in batch.rejects.to_pylist()]


@pytest.mark.parametrize(
    ("form", "written", "at", "precision"),
    [
        ('"%m/%d/%Y"', "7/4/2026", "2026-07-04T00:00:00", "day"),
        ('"%m/%Y"', "07/2026", "2026-07-01T00:00:00", "month"),
        ('"%d/%m/%Y %H"', "04/07/2026 23", "2026-07-04T00:00:00", "day"),
        ('"%d/%m/%Y %H:%M"', "04/07/2026 23:30", "2026-07-04T22:30:00", "instant"),
        ('"%d/%m/%Y %I:%M %p"', "04/07/2026 11:30 PM", "2026-07-04T22:30:00", "instant"),
        ('["%d/%m/%Y", "%d/%m/%Y %H:%M"]', "04/07/2026", "2026-07-04T00:00:00", "day"),
        ('["%d/%m/%Y", "%d/%m/%Y %H:%M"]', "04/07/2026 23:30", "2026-07-04T22:30:00", "instant"),
        ('"%Y/%m/%d %H:%M:%S%z"', "2023/05/15 03:15:00+00", "2023-05-15T03:15:00", "instant"),
        ("epoch_ms", "1684120500123", "2023-05-15T03:15:00.123000", "instant"),
        ("epoch_s", "1684120500", "2023-05-15T03:15:00", "instant"),
        ("epoch_s", "1684120500.25", "2023-05-15T03:15:00.250000", "instant"),
    ],
)
def test_time_is_known_as_well_as_its_format_says(
    tmp_path: Path, form: str, written: str, at: str, precision: str
) -> None:
    """One without an hour and a minute is a day, never a midnight; a local time is that of the domain's zone."""
    batch = read(tmp_path, [written], f"{{column: at, format: {form}}}")
    assert happened(batch) == [(at, precision)]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso", "2026-03-14 24:00"),
        ("iso", "2026-03-14T24:00:00Z"),
        ('"%d/%m/%Y %H:%M"', "14/03/2026 24:00"),
        ("iso", "2026-03-14"),
        ("epoch_s", "1684120500000"),
        ("epoch_ms", "1684120500"),
        ("epoch_ms", "infinity"),
    ],
)
def test_text_of_another_form_is_refused(tmp_path: Path, form: str, written: str) -> None:
    """There is no hour 24, as in RFC 3339; seconds are not taken for milliseconds, nor a date for a midnight."""
    assert refused(read(tmp_path, [written], f"{{column: at, format: {form}}}")) == [("bad_time", "at")]


def test_text_that_two_formats_read_differently_is_refused(tmp_path: Path) -> None:
    """3 April or 4 March: nobody knows. 14 March is one day in both."""
    batch = read(tmp_path, ["03/04/2026", "14/03/2026", "03/03/2026"], '{column: at, format: ["%d/%m/%Y", "%m/%d/%Y"]}')
    assert refused(batch) == [("bad_time", "at")]
    assert happened(batch) == [("2026-03-14T00:00:00", "day"), ("2026-03-03T00:00:00", "day")]


HOURS = ["2025-10-26 00:59", "2025-10-26 01:40", "2025-10-26 01:40Z", "2026-03-29 01:30", "2026-03-29 02:30"]
ONCE = ("2025-10-25T23:59:00", "instant")
BY_OFFSET = ("2025-10-26T01:40:00", "instant")
AFTER = ("2026-03-29T01:30:00", "instant")


@pytest.mark.parametrize(
    ("said", "events", "rejects"),
    [
        ("", [ONCE, ("2025-10-26T00:00:00", "day"), BY_OFFSET, AFTER], 1),
        (", twice: refuse", [ONCE, BY_OFFSET, AFTER], 2),
        (", twice: earlier", [ONCE, ("2025-10-26T00:40:00", "instant"), BY_OFFSET, AFTER], 1),
        (", twice: later", [ONCE, BY_OFFSET, BY_OFFSET, AFTER], 1),
        (
            ", skipped: range",
            [ONCE, ("2025-10-26T00:00:00", "day"), BY_OFFSET, ("2026-03-29T00:00:00", "day"), AFTER],
            0,
        ),
    ],
)
def test_hour_that_occurs_twice_or_not_at_all(
    tmp_path: Path, said: str, events: list[tuple[str, str]], rejects: int
) -> None:
    """The day holds both ends of an hour that the clock showed twice; one that no clock showed is refused. A mapping
    may say otherwise. The hours around them, and times with an offset, are what they are."""
    batch = read(tmp_path, HOURS, f"{{column: at{said}}}")
    assert happened(batch) == events
    assert refused(batch) == [("bad_time", "at")] * rejects


def test_half_hours_of_another_zone(tmp_path: Path) -> None:
    """Lord Howe Island puts its clocks back by half an hour, at 2 o'clock on 6 April 2025."""
    batch = read(tmp_path, ["2025-04-06 01:20", "2025-04-06 01:40"], "{column: at, zone: Australia/Lord_Howe}")
    assert happened(batch) == [("2025-04-05T14:20:00", "instant"), ("2025-04-06T00:00:00", "day")]


def test_years_of_two_digits(tmp_path: Path) -> None:
    """They are the hundred years that the mapping names; without a word of it they are refused before a row is read."""
    written = ["14/03/67 21:40", "14/03/71 21:40", "14/03/49 21:40"]
    form = 'format: "%d/%m/%y %H:%M"'
    batch = read(tmp_path, written, f"{{column: at, {form}, short_years: 1950}}")
    assert [at[:10] for at, _ in happened(batch)] == ["1967-03-14", "1971-03-14", "2049-03-14"]
    with pytest.raises(MappingProblemsError, match="does not say its century"):
        read(tmp_path, written, f"{{column: at, {form}}}")


def test_event_years_ahead_of_its_record_is_refused(tmp_path: Path) -> None:
    """2062 for 2026: nobody records what happens in 36 years. A mapping may say that it can be."""
    more = 'recorded_at: {constant: "2026-03-15T09:00:00Z"}\n'
    written = ["2062-03-14 10:00", "2026-09-14 10:00"]
    batch = read(tmp_path, written, "at", more)
    assert refused(batch) == [("time_out_of_range", "at")]
    assert happened(batch) == [("2026-09-14T09:00:00", "instant")]
    assert len(happened(read(tmp_path, written, "{column: at, ahead: true}", more))) == 2


def test_recorded_at_is_a_column(tmp_path: Path) -> None:
    """It may be a column's name alone; of a day the mapping says which end."""
    batch = read(tmp_path, ["2026-07-14 10:00", ""], '{constant: "2026-07-14T08:00:00Z"}', "recorded_at: at\n")
    assert batch.events["recorded_at"].to_pylist() == [datetime(2026, 7, 14, 9), None]
    for end, at in [("start", datetime(2026, 7, 13, 23)), ("end", datetime(2026, 7, 14, 22, 59, 59, 999_999))]:
        more = f'recorded_at: {{column: at, format: "%d/%m/%Y", at: {end}}}\n'
        batch = read(tmp_path, ["14/07/2026"], '{constant: "2026-07-14T08:00:00Z"}', more)
        assert batch.events["recorded_at"].to_pylist() == [at]


CONSTANTS = {"date": "2026-01-01", "timestamp": "2026-01-01T00:00:00Z", "bool": "true", "int": "1"}


@pytest.mark.parametrize("name", [field.name for field in DOMAIN.fields.values() if field.type == "timestamp"])
def test_every_field_that_is_a_time_is_read_by_its_form(tmp_path: Path, name: str) -> None:
    """Column, format and zone count for it as for `time`; another form is refused by the name of the field."""
    forms = [form for form in DOMAIN.rules.forms if "crime_ref" in form.requires or not form.requires]
    form = next(form for form in forms if any(field.name == name for field in form.fields))
    others = [field for field in form.fields if field.required and field.name != name]
    given = [f'{one.name}: {{constant: "{CONSTANTS.get(one.kind, *one.values[:1] or ("1",))}"}}' for one in others]
    more = f'fields: {{{", ".join([f"""{name}: {{column: at, format: "%d/%m/%Y %H:%M"}}""", *given])}}}\n'
    batch = read(
        tmp_path, ["17/07/2026 17:00", "2026-07-17 17:00"], '{constant: "2026-07-14T08:00:00Z"}', more, form.type
    )
    assert refused(batch) == [("bad_field", f"data.{name}")]
    [event] = batch.events.to_pylist()
    said = event.get(name) or orjson.loads(event["data"])[name]
    assert said in (datetime(2026, 7, 17, 16), "2026-07-17T16:00:00Z")


@pytest.mark.parametrize(
    ("form", "written", "day"),
    [
        ("", "2026-07-17", "2026-07-17"),
        (', format: "%d/%m/%Y"', "17/07/2026", "2026-07-17"),
        (', format: "%d/%m/%Y %H:%M"', "17/07/2026 00:30", "2026-07-17"),
        (", format: iso", "2026-07-16T23:30:00Z", "2026-07-17"),
        (", format: epoch_s", "1784244600", "2026-07-17"),
    ],
)
def test_field_that_is_a_date_is_the_day_in_the_zone(tmp_path: Path, form: str, written: str, day: str) -> None:
    more = f"fields: {{appointment_type: {{constant: abe}}, reference: no, appointment_day: {{column: at{form}}}}}\n"
    batch = read(tmp_path, [written], '{constant: "2026-07-14T08:00:00Z"}', more, "police.victim.appointment_scheduled")
    assert [orjson.loads(data)["appointment_day"] for data in batch.events["data"].to_pylist()] == [day]


@pytest.mark.parametrize(
    ("time", "more", "match"),
    [
        ('{column: at, format: "%d/%m/%Y", precision: instant}', "", "gives no more than a day"),
        ('{column: at, format: "%d/%m"}', "", "gives no year"),
        ('{column: at, format: "%Y"}', "", "gives no month"),
        ('{column: at, format: "%d/%m/%Y %I:%M"}', "", "whether it is morning"),
        ('{column: at, format: "%d/%m/%Y %H:%M %Z"}', "", "BST for the time of Bangladesh"),
        ("{column: at, at: end}", "", "written as a day or month"),
        ("{column: at, short_years: 1950}", "", "no format has a year of two digits"),
        ("{column: at, short_years: 26}", "", "must be a year from 1901"),
        ("{column: at, twice: both}", "", "`both` is not known"),
        ("at", 'recorded_at: {column: at, format: "%d/%m/%Y"}\n', "Say `at: start` or `at: end`"),
        ("at", "recorded_at: {column: at, ahead: true}\n", "is for `time` only"),
        ("at", "recorded_at: {column: at, twice: range}\n", "can be no range"),
        ("at", 'fields: {reported_at: {column: at, format: "%d/%m/%Y"}}\n', "Say `at: start` or `at: end`"),
    ],
)
def test_form_that_would_change_a_time_is_refused_before_a_row_is_read(
    tmp_path: Path, time: str, more: str, match: str
) -> None:
    with pytest.raises(MappingProblemsError, match=match):
        read(tmp_path, ["14/03/2026"], time, more)


def test_id_made_of_a_time_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    """Tonight's export writes 9:05 and tomorrow's 09:05+01:00: one event."""
    form = '{column: at, format: ["%d/%m/%Y %H:%M", iso]}'
    ids = []
    for written in ["04/07/2026 9:05", "2026-07-04T09:05:00+01:00", "2026-07-04 08:05Z"]:
        (tmp_path / "a.csv").write_text(f"no;at\n1;{written}\n")
        text = MAPPING.replace("TIME", form).replace("TYPE", "police.crime.recorded")
        text = text.replace("[no]", "[no, at]") + "fields: {offence_group: {constant: stalking}}\n"
        (tmp_path / "m.yaml").write_text(text)
        [batch] = read_mapped(tmp_path / "a.csv", load_mapping(tmp_path / "m.yaml"), DOMAIN)
        ids += batch.events["id"].to_pylist()
    assert ids == ["1:2026-07-04T08:05:00Z"] * 3
