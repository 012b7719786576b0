"""A whole table each time: what is new, what changed, what is gone. Given these looks, this is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from agency_tables import MAPPING, AgencyTable, Desk, Sent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from throughline.sources.databases import poll as looking
from throughline.sources.databases import whole

WHOLE = "database: {table: files, key: id, whole: true}\n" + MAPPING.replace("[notes]", "[notes, changed_at]")
GONE = WHOLE + "snapshot: {complete: true, vanished: retract}\n"
TABLES = st.dictionaries(st.integers(1, 4), st.sampled_from(["red", "blue"]), min_size=1)
TIMES = [f"2026-03-02T10:00:{second:02}.000000Z" for second in range(60)]


@pytest.fixture
def table(tmp_path: Path) -> AgencyTable:
    return AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look a second, from 10:00 on."""
    times = iter(TIMES * 1000)
    monkeypatch.setattr(looking, "next_time", lambda state: next(times))


def test_what_changed_and_what_is_gone(table: AgencyTable, tmp_path: Path) -> None:
    """A row that says what it said is not said again; one that comes back is."""
    desk = Desk(tmp_path, table, GONE)
    table.add(1, 2, 3)
    first = desk.look()
    table.run("update files set colour = 'blue' where id = 1")
    table.run("delete from files where id = 2")
    desk.look()
    table.add(2)
    desk.look()
    fourth = desk.look()

    assert (first.is_first, first.new, fourth.is_first, fourth.new) == (True, 3, False, 0)
    assert desk.marked()[:4] == [True, True, True, False]
    assert sorted(desk.sent()) == [
        ("0001", TIMES[0], "red", False),
        ("0001", TIMES[1], "blue", False),
        ("0002", TIMES[0], "red", False),
        ("0002", TIMES[1], "red", True),
        ("0002", TIMES[2], "red", False),
        ("0003", TIMES[0], "red", False),
    ]


def test_a_row_that_cannot_be_read_lets_nothing_vanish(table: AgencyTable, tmp_path: Path) -> None:
    """It may be the one that seems to be gone. When it is mended, what is gone is gone since the last whole look."""
    desk = Desk(tmp_path, table, GONE)
    table.add(1, 2)
    desk.look()
    table.run("update files set ref = null where id = 1")
    table.run("delete from files where id = 2")
    second = desk.look()
    table.run("update files set ref = '0001' where id = 1")
    desk.look()

    assert [(one.key, one.reason) for one in second.rows] == [((1,), "missing_id")]
    assert ("0002", TIMES[2], "red", True) in desk.sent()
    assert [event for event in desk.sent() if event[3]] == [("0002", TIMES[2], "red", True)]


def test_an_empty_table_lets_nothing_vanish(table: AgencyTable, tmp_path: Path) -> None:
    """One that is loaded anew is empty for a while."""
    desk = Desk(tmp_path, table, GONE)
    table.add(1)
    desk.look()
    table.run("delete from files")
    desk.look()
    table.add(1)
    desk.look()

    assert desk.sent() == [("0001", TIMES[0], "red", False)]


def test_something_that_has_happened_to_a_row_that_is_gone(table: AgencyTable, tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        table,
        WHOLE + "snapshot: {complete: true, vanished: {type: police.file.sent, reference: withdrawn}}\n",
    )
    table.add(1, 2)
    desk.look()
    table.run("delete from files where id = 2")
    desk.look()
    desk.look()

    assert [event[0] for event in desk.sent()] == ["0001", "0002", f"0002:vanished:{TIMES[1]}"]


class Ended(BaseException):
    """The process is ended."""


@pytest.mark.parametrize("where", ["stage", "published", "sweep"])
def test_a_snapshot_that_is_cut_off_is_published_as_it_was_taken(
    table: AgencyTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Ended before it was on the disk, while it is published, or after it: what is said of each time is one thing."""
    desk = Desk(tmp_path, table, GONE)
    table.add(1, 2)
    desk.look()
    table.run("delete from files where id = 2")
    table.run("update files set colour = 'blue' where id = 1")
    with monkeypatch.context() as patch:
        patch.setattr(looking, where, ended_at(getattr(whole, where), after=1 if where == "sweep" else 0))
        with pytest.raises(Ended):
            desk.look()
    table.run("update files set colour = 'red' where id = 1")
    desk.look()

    assert restated(desk.sent()) == {"0001": "red"}
    assert len({event[:2] for event in desk.sent()}) == len(desk.sent())


def ended_at(step: Callable[..., object], after: int) -> Callable[..., object]:
    """Ends the process when the step is called the `after`+1st time."""
    calls = iter(range(100))

    def run(*args: object, **named: object) -> object:
        if next(calls) == after:
            raise Ended
        return step(*args, **named)

    return run


def restated(sent: list[Sent]) -> dict[str, str | None]:
    """What stands of each file: what was said of it at the highest revision, if it was not taken back."""
    last = {event[0]: event for event in sorted(sent, key=lambda event: event[1] or "")}
    return {name: event[2] for name, event in last.items() if not event[3]}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.dictionaries(st.integers(1, 4), st.sampled_from(["red", "blue"]), min_size=1), min_size=1, max_size=4)
)
def test_what_stands_in_the_end_is_what_the_table_says(
    tmp_path_factory: pytest.TempPathFactory, looks: list[dict[int, str]]
) -> None:
    """And each look says no more than what differs from the one before."""
    folder = tmp_path_factory.mktemp("whole")
    desk = Desk(folder, AgencyTable(f"sqlite:///{folder}/files.sqlite").make(), GONE)
    before: dict[int, str] = {}
    for rows in looks:
        desk.table.run("delete from files")
        for number, colour in rows.items():
            desk.table.add(number, colour=colour)
        differing = {number for number in rows | before if rows.get(number) != before.get(number)}

        assert desk.look().new == len(differing)
        before = rows

    assert restated(desk.sent()) == {f"{number:04}": colour for number, colour in looks[-1].items()}
