"""An outbox table: rows in the order of their numbers, and what comes later under a lower number."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from agency_tables import MAPPING, AgencyTable, Desk

from throughline.errors import DatabaseRefused
from throughline.sources.databases import numbers

OUTBOX = "database: {table: files, outbox: id, wait: 3600}\n" + MAPPING.replace("[notes]", "[notes, changed_at]")


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> AgencyTable:
    if request.param == "sqlite":
        return AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()
    return AgencyTable(request.getfixturevalue("agency_database")).make()


def test_a_number_that_is_missing_is_asked_for_until_it_comes(table: AgencyTable, tmp_path: Path) -> None:
    """7 to 9 are missing, 8 comes, then the others; what stood below the first number is no gap."""
    desk = Desk(tmp_path, table, OUTBOX)
    table.add(5, 6, 10)
    first = desk.look()
    table.add(8)
    second = desk.look()
    table.add(9, 7, 11)
    before = table.all_rows()
    third, fourth = desk.look(), desk.look()

    assert (first.new, first.missing) == (3, 3)
    assert (second.new, second.missing) == (1, 2)
    assert (third.new, third.missing, fourth.new) == (3, 0, 0)
    assert desk.numbers() == [5, 6, 7, 8, 9, 10, 11]
    assert table.all_rows() == before


def test_a_number_that_never_comes_is_given_up(
    table: AgencyTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of a transaction which was rolled back: after `wait` seconds, and it is said once."""
    desk = Desk(tmp_path, table, OUTBOX)
    table.add(1, 4)
    monkeypatch.setattr(numbers.time, "time", lambda: 1_000_000.0)
    assert desk.look().missing == 2
    monkeypatch.setattr(numbers.time, "time", lambda: 1_003_601.0)

    looks = [desk.look(), desk.look()]

    assert [(one.missing, one.given_up) for one in looks] == [(0, 2), (0, 0)]


def test_a_sequence_of_postgres_is_committed_out_of_order(agency_database: str, tmp_path: Path) -> None:
    table = AgencyTable(agency_database).make()
    table.run("create sequence numbers")
    insert = (
        "insert into files values (nextval('numbers'), lpad(lastval()::text, 4, '0'), '20PP', 'red', "
        "'2026-03-01T10:00:00Z', now())"
    )
    desk = Desk(tmp_path, table, OUTBOX)
    table.run(insert)
    with closing(table.connect()) as early, closing(table.connect()) as late, closing(table.connect()) as never:
        for connection in (early, never, late):
            connection.execute(insert)
        late.commit()
        never.rollback()
        desk.look()
        early.commit()

    assert desk.look().missing == 1
    assert desk.numbers() == [1, 2, 4]


def test_what_is_no_number_is_told(table: AgencyTable, tmp_path: Path) -> None:
    desk = Desk(tmp_path, table, OUTBOX.replace("outbox: id", "outbox: ref").replace("[notes,", "[id, notes,"))
    table.run("insert into files (id, ref) values (1, 'A1')")

    with pytest.raises(DatabaseRefused, match="`ref` of `files` is not a whole number in every row"):
        desk.look()
