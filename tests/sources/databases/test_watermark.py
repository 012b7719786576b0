"""Rows beyond a watermark: each change becomes one event, also of what began earlier and is committed later."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from agency_tables import BY_CHANGE, MAPPING, AgencyTable, Desk, rows_of

from throughline.sources.databases import portions

BY_XMIN = "database: {table: files, key: id, watermark: xmin}\nsnapshot: {as_of: changed_at}\n"
BY_XID8 = "database: {table: files, key: id, watermark: written_by}\nsnapshot: {as_of: changed_at}\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> AgencyTable:
    if request.param == "sqlite":
        return AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()
    return AgencyTable(request.getfixturevalue("agency_database")).make()


@pytest.fixture
def in_postgres(agency_database: str) -> AgencyTable:
    return AgencyTable(agency_database).make()


def test_each_change_is_one_event_that_revises_the_one_before(table: AgencyTable, tmp_path: Path) -> None:
    desk = Desk(tmp_path, table, BY_CHANGE + MAPPING)
    table.add(1, 2)

    first, second = desk.look(), desk.look()
    table.run("update files set colour = 'blue', changed_at = '2026-03-02T10:00:05Z' where id = 1")
    table.add(3, changed_at="2026-03-02T10:00:07Z")
    third = desk.look()

    assert (first.is_first, first.new, second.is_first, second.new, third.new) == (True, 2, False, 0, 2)
    assert desk.marked() == [True, True, False, False]
    assert sorted(desk.sent()) == [
        ("0001", "2026-03-02T10:00:00.000000Z", "red", False),
        ("0001", "2026-03-02T10:00:05.000000Z", "blue", False),
        ("0002", "2026-03-02T10:00:00.000000Z", "red", False),
        ("0003", "2026-03-02T10:00:07.000000Z", "red", False),
    ]


def test_what_is_committed_late_is_seen_within_the_overlap(table: AgencyTable, tmp_path: Path) -> None:
    """Two hours are usual. What comes later than that is not seen: the page says so."""
    desk = Desk(tmp_path, table, BY_CHANGE + MAPPING)
    table.add(1, changed_at="2026-03-02T12:00:00Z")
    desk.look()
    table.add(2, changed_at="2026-03-02T10:00:00Z")
    table.add(3, changed_at="2026-03-02T09:59:59Z")
    desk.look()

    assert desk.numbers() == [1, 2]


def test_a_time_that_has_not_come_hides_nothing(table: AgencyTable, tmp_path: Path) -> None:
    desk = Desk(tmp_path, table, BY_CHANGE + MAPPING)
    table.add(1, changed_at="2026-03-02T12:00:00Z")
    table.add(9, changed_at="9999-12-31T00:00:00Z")
    desk.look()
    table.add(2, changed_at="2026-03-02T13:00:00Z")
    desk.look()

    assert desk.numbers() == [1, 2, 9]


def test_a_number_is_a_watermark_too(table: AgencyTable, tmp_path: Path) -> None:
    """With `overlap: 2` from two numbers below the highest on, also across a digit more."""
    desk = Desk(tmp_path, table, "database: {table: files, key: id, watermark: id, overlap: 2}\n" + MAPPING)
    desk.mapping_path.write_text(desk.mapping_path.read_text().replace("[notes]", "[notes, changed_at]"))
    table.add(5, 9)
    desk.look()
    table.add(6, 7, 10, 100)
    desk.look()
    table.add(11)
    desk.look()

    assert desk.numbers() == [5, 7, 9, 10, 100]


def test_the_table_is_as_it_was(table: AgencyTable, tmp_path: Path) -> None:
    table.add(1, 2)
    before = table.all_rows()
    Desk(tmp_path, table, BY_CHANGE + MAPPING).look()

    assert table.all_rows() == before


def test_what_is_not_used_does_not_leave_the_database(in_postgres: AgencyTable, tmp_path: Path) -> None:
    """The user may not even read it."""
    in_postgres.run("create role reader login")
    in_postgres.run("grant select (id, ref, unit, colour, sent_at, changed_at) on files to reader")
    in_postgres.add(1)
    as_reader = AgencyTable(in_postgres.url.replace("agency@", "reader@"))
    desk = Desk(tmp_path, as_reader, BY_CHANGE + MAPPING)

    assert desk.look().new == 1
    in_postgres.run("drop owned by reader")
    in_postgres.run("drop role reader")


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (BY_CHANGE, [1, 2]),
        (BY_CHANGE.replace("changed_at}\ns", "changed_at, overlap: 0}\ns"), [2]),
        (BY_XMIN, [1, 2]),
        (BY_XID8, [1, 2]),
    ],
    ids=["overlap", "no overlap", "xmin", "xid8"],
)
def test_a_transaction_that_began_earlier_and_commits_later(
    in_postgres: AgencyTable, tmp_path: Path, said: str, seen: list[int]
) -> None:
    """Without an overlap its row is lost: which is what the overlap, and the number of the transaction, are for."""
    mapping = MAPPING
    if said == BY_XID8:
        in_postgres.run("alter table files add written_by xid8 default pg_current_xact_id()")
    desk = Desk(tmp_path, in_postgres, said + mapping)
    insert = "insert into files values (%s, %s, '20PP', %s, %s, now(), 'free text')"
    with closing(in_postgres.connect()) as early, closing(in_postgres.connect()) as late:
        for connection, number in ((early, 1), (late, 2)):
            connection.execute(insert, rows_of([number], "", "red")[0][:4])
        late.commit()
        desk.look()
        early.commit()
    desk.look()

    assert desk.numbers() == seen


def test_xmin_sees_what_no_column_tells(in_postgres: AgencyTable, tmp_path: Path) -> None:
    """A row that was dated back, and one that was changed without a trace in its columns of time."""
    desk = Desk(tmp_path, in_postgres, BY_XMIN + MAPPING.replace("[ref]", "[ref, colour]"))
    in_postgres.add(1, 2)
    desk.look()
    in_postgres.add(3, changed_at="2020-01-01T00:00:00Z")
    in_postgres.run("update files set colour = 'blue' where id = 1")
    assert desk.look().new == 2

    assert desk.look().read <= 2  # and not the whole table again
    assert desk.numbers() == [1, 1, 2, 3]


def test_a_load_that_is_cut_off_goes_on_where_it_stood(
    table: AgencyTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the rest of it still counts as what stood there before."""
    monkeypatch.setattr(portions, "ROWS_AT_ONCE", 20)
    desk = Desk(tmp_path, table, BY_CHANGE + MAPPING)
    table.add(*range(1, 46))
    asked = iter([False] * 2 + [True] * 10)  # the columns and a portion; then it is to stop
    with desk.open(is_stopping=lambda: next(asked)) as poll:
        cut_off = poll.look()

    rest = desk.look()

    assert (cut_off.new, rest.is_first, rest.new) == (20, True, 25)
    assert desk.numbers() == list(range(1, 46))
    assert not desk.look().is_first
