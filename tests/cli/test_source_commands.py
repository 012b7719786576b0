"""`source new`, `check` and `show` as somebody types them: from a strange export to a timeline in five commands."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typed import run

CRIMES = """\
Crime No;Recorded;Team;Status;Offence;Victim Name
20/000789/26;14/03/2026 21:40;20PP;NEW;STALK;Jane Doe
20/000790/26;15/03/2026 08:05;20PP;NEW;HARASS;John Roe
20/000791/26;15/03/2026 25:10;20PP;NEW;THEFT;Ann Poe
20/000792/26;16/03/2026 11:00;20PP;DRAFT;STALK;May Moe
"""
ANSWERS = {
    "source": "urn:throughline:police:20:crime_export",
    "area": "20",
    "types.NEW": "police.crime.recorded",
    "types.DRAFT": "leave out",
    "fields.offence_group.values.STALK": "stalking",
    "fields.offence_group.values.HARASS": "harassment",
    "fields.offence_group.values.THEFT": "other",
}


@pytest.fixture
def crimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crimes.csv").write_text(CRIMES, encoding="utf-8")
    return tmp_path


def test_a_strange_export_becomes_a_timeline(crimes: Path) -> None:
    """Drafted, answered, checked, shown and read; the row whose time is none is the one that is refused."""
    first = run("source", "new", "crimes.csv", "--out", "crimes.yaml")
    assert "decide area:" in first.stderr
    undecided = run("source", "check", "crimes.yaml", "crimes.csv", code=1)
    assert "is still to be decided" in undecided.stderr

    decided = [part for key, value in ANSWERS.items() for part in ("--decide", f"{key}={value}")]
    assert "0 left to decide" in run("source", "new", "crimes.csv", "--out", "crimes.yaml", "--force", *decided).stderr

    checked = run("source", "check", "crimes.yaml", "crimes.csv", code=1).stdout
    assert "crimes.csv: bad_time in `Recorded`: 1 row (4)" in checked
    assert "4 rows: 2 events, 1 refused, 1 rows left out by filters" in checked

    shown = run("source", "show", "crimes.yaml", "crimes.csv").stdout
    assert "fields.offence_group `Offence` STALK → stalking" in " ".join(shown.split())
    assert "Doe" not in first.stdout + checked + shown

    run("replay", "crimes.csv", "--mapping", "crimes.yaml", "--store", "cases.duckdb")
    assert "2026-03-14" in run("timeline", "20/000789/26", "--store", "cases.duckdb").stdout


def test_no_name_in_a_file_steers_the_terminal(crimes: Path) -> None:
    """Of a column, a sheet or the file itself: what a terminal would obey is written out."""
    name = "odd \x1b]0;x\x07.csv"
    (crimes / name).write_text("No\x1b[2J,When\n1,2026-03-14\n", encoding="utf-8")
    (crimes / "a.yaml").write_text(
        "title: A\nsource: urn:throughline:police:20:a\narea: {constant: '20'}\nidentifiers: {crime_ref: No}\n"
        "type: {constant: police.crime.recorded}\ntime: {column: When, format: '%Y-%m-%d'}\nid: {columns: [No]}\n"
    )
    checked = run("source", "check", "a.yaml", name, code=1)
    drafted = run("source", "new", name)
    refused = run("replay", name, "--store", "cases.duckdb", code=1)

    for said in (checked, drafted, refused):
        assert "\x1b" not in said.stdout + said.stderr
    assert r"`No\x1b[2J`" in checked.stdout
    assert r"odd \x1b]0;x\x07.csv" in refused.stderr


def test_a_check_tells_every_column_at_fault_at_once(crimes: Path) -> None:
    """Each once, with how many rows and the first of them, although a row is refused for the first alone."""
    (crimes / "all.yaml").write_text(
        """
title: Crimes
source: urn:throughline:police:20:crime_export
area: Area
identifiers: {crime_ref: No, urn: URN}
type: Status
types: {NEW: police.crime.recorded}
time: {column: Recorded, format: "%d/%m/%Y"}
fields:
  offence_group: {column: Offence, values: {STALK: stalking}}
  non_recent: Old
id: {columns: [No]}
""",
        encoding="utf-8",
    )
    (crimes / "all.csv").write_text(
        "No,URN,Recorded,Status,Area,Offence,Old\n"
        "A1,20PP0011126,14/03/2026,NEW,20,STALK,true\n"
        "A2,xx,14-03-2026,NEW,99,ARSON,perhaps\n"
        "A3,xy,14-03-2026,NEW,99,ARSON,perhaps\n"
        "A4,20PP0011326,14/03/2026,OLD,20,STALK,true\n",
        encoding="utf-8",
    )

    told = run("source", "check", "all.yaml", "all.csv", code=1).stdout.splitlines()

    at_fault = {line.split(":")[1].strip(): line for line in told if line.startswith("all.csv:")}
    assert set(at_fault) == {
        "bad_time in `Recorded`",
        "unmapped_value in `Offence`",
        "unmapped_type in `Status`",
        "bad_field in `Old`",
        "unknown_area in `Area`",
        "malformed_identifier in `URN`",
    }
    assert all("2 rows (3, 4)" in line for name, line in at_fault.items() if name != "unmapped_type in `Status`")
    assert "They say `ARSON` (2). Allowed: `STALK`" in at_fault["unmapped_value in `Offence`"]
    assert "1 row (5)" in at_fault["unmapped_type in `Status`"]
    assert "4 rows: 1 events, 3 refused, 0 rows left out by filters" in told


def test_what_is_restricted_is_masked(crimes: Path) -> None:
    """A pseudonym of an officer is restricted; a column that is called after a person is masked whatever it fills."""
    (crimes / "m.yaml").write_text(
        """
title: Crimes
source: urn:throughline:police:20:crime_export
area: {constant: "20"}
unit: Officer name
identifiers: {crime_ref: No}
type: {constant: police.crime.recorded}
time: {column: At, format: "%Y-%m-%d"}
fields: {offence_group: {constant: stalking}, officer: Officer}
id: {columns: [No]}
""",
        encoding="utf-8",
    )
    (crimes / "m.csv").write_text("No,At,Officer,Officer name\nA1,2026-03-14,o-3f9a1c7e,Roe\n", encoding="utf-8")

    shown = run("source", "show", "m.yaml", "m.csv").stdout

    assert "3f9a1c7e" not in shown
    assert "Roe" not in shown
    assert shown.count("(masked)") == 4


def test_a_mapping_that_is_there_is_not_written_over(crimes: Path) -> None:
    (crimes / "crimes.yaml").write_text("mine")

    assert "is there already" in run("source", "new", "crimes.csv", "--out", "crimes.yaml", code=2).stderr
    assert (crimes / "crimes.yaml").read_text() == "mine"


def test_a_table_becomes_a_timeline(crimes: Path) -> None:
    """Drafted with the way in which it is to be read again, read without being published, and replayed."""
    with sqlite3.connect(crimes / "crimes.sqlite") as database:
        database.execute("create table crimes (crime_no, occurred_at, unit, offence, victim_name, last_updated)")
        database.executemany(
            "insert into crimes values (?, ?, ?, ?, ?, ?)",
            [
                ("20/000901/26", "2026-03-14 21:40", "20PP", "stalking", "Jane Doe", "2026-03-15 01:00"),
                ("20/000902/26", "2026-03-15 08:05", "20PA", "rape", "John Roe", "2026-03-15 09:00"),
            ],
        )
    address = {"THROUGHLINE_DATABASE": f"sqlite:///{crimes}/crimes.sqlite"}
    answers = {"source": ANSWERS["source"], "area": "20", "type": "police.crime.recorded"}
    decided = [part for key, value in answers.items() for part in ("--decide", f"{key}={value}")]

    run("source", "new", "crimes", "--out", "t.yaml", *decided, **address)

    text = (crimes / "t.yaml").read_text(encoding="utf-8")
    assert "database: {table: crimes, key: [crime_no], watermark: last_updated}" in text
    assert "- victim_name" in text
    events = run("source", "poll", "t.yaml", "--dry-run", **address).stdout
    assert "Doe" not in text + events
    (crimes / "events.jsonl").write_text(events, encoding="utf-8")
    run("replay", "events.jsonl", "--store", "table.duckdb")
    assert "2026-03-14" in run("timeline", "20/000901/26", "--store", "table.duckdb").stdout
