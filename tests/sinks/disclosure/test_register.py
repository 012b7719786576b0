"""The register: what was shown once is never taken back, and is known to whoever shows the next table."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pytest
from counted import counts, day, shown, table

from throughline.errors import StoreDamaged, StoreError, StoreLocked
from throughline.sinks.disclosure import register as register_module
from throughline.sinks.disclosure.cell import Measure, ShownCell
from throughline.sinks.disclosure.protection import protect
from throughline.sinks.disclosure.register import Register, register_of

OPENED = Measure("opened", ("agency",), is_cumulative=True)
NUMBERS = {(None,): 73, ("police",): 40, ("cps",): 30, ("idva",): 3}
MARKED = {(None,): 73, ("police",): 40, ("cps",): "secondary", ("idva",): "small"}


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(register_of(tmp_path / "cases.duckdb"))


def show(
    register: Register, numbers: dict[tuple[str | None, ...], int], date: int = 0, measure: Measure = OPENED, **how: Any
) -> dict[tuple[str | None, ...], int | str]:
    given = table(numbers, measure.cuts)
    return shown(register.show(given, measure, as_of=day(date), **({"threshold": 10} | how)), measure.cuts)


def test_it_stands_beside_the_store_and_is_its_owner_s_alone(register: Register) -> None:
    """It holds the hidden numbers too."""
    assert register.path.name == "cases.duckdb.shown"
    assert stat.S_IMODE(register.path.stat().st_mode) == 0o600


def test_what_is_shown_is_put_on_record_with_what_its_marks_say(register: Register) -> None:
    assert show(register, NUMBERS) == MARKED

    found = {one.place: (one.cases, one.suppressed, one.least, one.most) for one in register.shown(OPENED, day(0))}
    assert found == {
        (None,): (73, None, 73, 73),
        ("police",): (40, None, 40, 40),
        ("cps",): (30, "secondary", 10, None),
        ("idva",): (3, "small", 1, 9),
    }


def test_a_later_table_is_safe_beside_the_earlier(register: Register) -> None:
    """The police have two more: their number, which was shown, is not shown again, nor what would give it away."""
    show(register, NUMBERS)

    later = show(register, {(None,): 90, ("police",): 42, ("cps",): 45, ("idva",): 3}, 1)

    assert later[("police",)] == "secondary"


def test_it_is_read_again_by_another_process(register: Register) -> None:
    show(register, {(None,): 50})

    assert show(Register(register.path), {(None,): 53}, 1) == {(None,): "secondary"}


def test_the_same_table_is_shown_as_it_was(register: Register) -> None:
    """Also after others; it adds nothing to the register."""
    show(register, NUMBERS)
    show(register, {(None,): 120}, 1)

    assert show(register, NUMBERS) == MARKED
    assert len(register.shown(OPENED, day(0))) == 5


def test_a_number_that_has_become_small_is_not_shown_again(register: Register) -> None:
    """The domain's threshold was raised."""
    assert show(register, {(None,): 7}, threshold=5) == {(None,): 7}

    assert show(register, {(None,): 7}) == {(None,): "small"}


def test_those_who_work_on_the_cases_see_all_and_leave_no_record(register: Register) -> None:
    assert show(register, NUMBERS, for_case_workers=True) == NUMBERS
    assert register.shown(OPENED, day(0)) == []


def test_a_table_that_is_hidden_as_a_whole_leaves_no_record(register: Register) -> None:
    assert set(show(register, NUMBERS, seconds=0).values()) == {"table"}
    assert register.shown(OPENED, day(0)) == []


def test_measures_do_not_mix_and_dates_of_a_stock_neither(register: Register) -> None:
    open_cases = Measure("open", ("agency",))
    show(register, {(None,): 50})

    assert show(register, {(None,): 53}, 1, open_cases) == {(None,): 53}
    assert show(register, {(None,): 56}, 2, open_cases) == {(None,): 56}


def test_a_measure_may_get_a_further_cut(register: Register) -> None:
    """What was shown before is its total."""
    show(register, {(None,): 50})
    wider = Measure("opened", ("month", "agency"), is_cumulative=True)

    assert show(register, {(None, None): 53}, 1, wider) == {(None, None): "secondary"}


@pytest.mark.parametrize("change", ["delete from shown", "update shown set cases = 0"])
def test_what_was_shown_cannot_be_taken_back(register: Register, change: str) -> None:
    show(register, NUMBERS)

    with sqlite3.connect(register.path) as connection, pytest.raises(sqlite3.IntegrityError, match="taken back"):
        connection.execute(change)
    connection.close()


def test_two_who_show_at_once_come_one_after_the_other(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """By agency, or by agency and month: each is safe alone. Whoever is second knows what the first showed."""
    measure = Measure("cases", ("agency", "month"))
    values = (("cps", "police"), ("01", "02"))
    cases = {("cps", "01"): 3, ("cps", "02"): 15, ("police", "01"): 40, ("police", "02"): 50}
    begun, known = Event(), []

    def slow(given: pa.Table, measure: Measure, *, earlier: Sequence[ShownCell], **how: Any) -> pa.Table:
        known.append(len(earlier))
        begun.set()
        Event().wait(0.2)
        return protect(given, measure, earlier=earlier, **how)

    def one(by: list[tuple[int, ...]]) -> None:
        show(Register(register.path), counts(cases, values, by), 0, measure)

    monkeypatch.setattr(register_module, "protect", slow)
    with ThreadPoolExecutor(2) as both:
        first = both.submit(one, [(), (0,)])
        begun.wait()
        second = both.submit(one, [(0, 1)])
        first.result()
        second.result()

    assert known == [0, 3]


def test_a_register_that_stays_locked_is_named(register: Register) -> None:
    holder = sqlite3.connect(register.path)
    holder.execute("begin exclusive")

    with pytest.raises(StoreLocked, match=r"cases\.duckdb\.shown"):
        show(Register(register.path, wait_seconds=0.1), NUMBERS)
    holder.close()


def test_a_register_that_cannot_be_made_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Register(tmp_path / "nowhere" / "cases.duckdb.shown")


def test_a_damaged_register_is_not_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "cases.duckdb.shown"
    path.write_bytes(b"not a register" * 100)

    with pytest.raises(StoreDamaged, match="is damaged"):
        Register(path)
