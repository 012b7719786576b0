"""The record of looks: what is on it stays on it, and what was taken out, changed or cut off shows."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from throughline.errors import LooksError
from throughline.sinks.board.access import looks as looks_module
from throughline.sinks.board.access.looks import Look, Looks, check

LOOK = Look(
    at=datetime(2026, 3, 2, 10, 15, 0, 250_000, UTC),
    person="provider:p1",
    roles=("agency:cps",),
    session="s1",
    case="c0123456789abcdef",
    page="/cases/{case}",
    outcome="shown",
    why="own_work",
)


def look(n: int) -> Look:
    return replace(LOOK, case=f"c{n:016x}")


@pytest.fixture
def record(tmp_path: Path) -> Looks:
    return Looks(tmp_path / "cases.duckdb.looks")


def written(record: Looks, count: int = 5) -> list[str]:
    """The lines of a record of so many looks."""
    for n in range(count):
        record.write([look(n)])
    return record.path.read_text().splitlines(keepends=True)


def test_what_is_written_is_read(record: Looks) -> None:
    record.write([LOOK, look(1)])
    record.write([replace(LOOK, why=None, outcome="refused")])

    assert list(record.read()) == [LOOK, look(1), replace(LOOK, why=None, outcome="refused")]
    assert check(record.path).faults == ()
    assert check(record.path).lines == 3


def of_month(n: int, month: int) -> Look:
    return replace(look(n), at=LOOK.at.replace(month=month))


def test_each_month_has_a_file_and_the_chain_goes_on_from_one_to_the_next(record: Looks) -> None:
    """Three looks in March, one in April, one in June. Another reads and writes the same record."""
    looks = [of_month(0, 3), of_month(1, 3), of_month(2, 3), of_month(3, 4), of_month(4, 6)]
    for one in looks:
        Looks(record.path).write([one])

    lines = {file.name: len(file.read_bytes().splitlines()) for file in record.path.parent.glob("*.looks*")}
    name = record.path.name
    assert lines == {f"{name}.2026-03": 3, f"{name}.2026-04": 1, name: 1, f"{name}.head": 1}
    assert list(record.read()) == looks
    assert check(record.path).lines == 5
    assert check(record.path).faults == ()


@pytest.mark.parametrize("month", ["2026-03", "2026-04"])
def test_a_file_of_a_month_that_is_missing_or_changed_shows(record: Looks, month: str) -> None:
    record.write([of_month(0, 3)])
    record.write([of_month(1, 4)])
    record.write([of_month(2, 5)])
    file = record.path.with_name(f"{record.path.name}.{month}")
    text = file.read_text()

    file.write_text(text.replace("provider:p1", "provider:p2"))
    assert any(file.name in fault for fault in check(record.path).faults)
    file.unlink()
    assert check(record.path).faults != ()


def test_a_board_that_was_stopped_between_two_months_goes_on(record: Looks) -> None:
    """The file of March was put aside, and that of April not begun."""
    record.write([of_month(0, 3)])
    record.path.rename(record.path.with_name(f"{record.path.name}.2026-03"))

    record.write([of_month(1, 4)])

    assert check(record.path).lines == 2
    assert check(record.path).faults == ()


def test_a_board_that_was_killed_at_its_first_look_leaves_a_whole_record(
    record: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the line was written, and before its head was."""
    write_head = looks_module._write_head

    def killed(path: Path, lines: int, digest: str) -> None:
        if lines > 0:
            raise OSError(9, "killed")
        write_head(path, lines, digest)

    monkeypatch.setattr(looks_module, "_write_head", killed)
    with pytest.raises(LooksError):
        record.write([LOOK])

    assert check(record.path).lines == 1
    assert check(record.path).faults == ()


def test_a_clock_that_went_back_puts_nothing_over_a_month(record: Looks) -> None:
    looks = [of_month(0, 3), of_month(1, 4), of_month(2, 3), of_month(3, 4), of_month(4, 5)]
    for one in looks:
        record.write([one])

    assert list(record.read()) == looks
    assert check(record.path).faults == ()


def test_a_line_says_who_what_when_and_why_and_which_line_was_before(record: Looks) -> None:
    first, second = map(json.loads, written(record, 2))

    assert {key: first[key] for key in first if key not in ("hash", "before", "case")} == {
        "n": 1,
        "at": "2026-03-02T10:15:00.250+00:00",
        "person": "provider:p1",
        "roles": ["agency:cps"],
        "session": "s1",
        "page": "/cases/{case}",
        "outcome": "shown",
        "why": "own_work",
    }
    assert (first["before"], second["before"]) == ("0" * 64, first["hash"])


def test_the_files_are_for_their_owner_alone(record: Looks) -> None:
    old = os.umask(0)
    try:
        written(record, 1)
    finally:
        os.umask(old)

    for file in record.path.parent.glob("*.looks*"):
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_record_that_others_may_read_is_not_written(record: Looks) -> None:
    written(record, 1)
    record.path.chmod(0o640)

    with pytest.raises(LooksError, match="chmod 600"):
        record.write([LOOK])


@pytest.mark.parametrize("at", range(5))
def test_a_line_that_was_taken_out_shows(record: Looks, at: int) -> None:
    lines = written(record)
    record.path.write_text("".join(lines[:at] + lines[at + 1 :]))

    assert check(record.path).faults != ()


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("field", ["person", "case", "at", "why", "before", "n"])
def test_a_line_that_was_changed_shows(record: Looks, at: int, field: str) -> None:
    lines = written(record)
    entry = json.loads(lines[at])
    entry[field] = entry[field] + 1 if field == "n" else entry[field][:-1] + "x"
    lines[at] = json.dumps(entry) + "\n"
    record.path.write_text("".join(lines))

    assert check(record.path).faults != ()


@of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(order=st.lists(st.integers(0, 4), max_size=7))
def test_no_other_order_choice_or_number_of_lines_is_whole(record: Looks, order: list[int]) -> None:
    lines = written(record) if not record.path.exists() else ORIGINAL
    ORIGINAL[:] = lines
    record.path.write_text("".join(lines[n] for n in order))

    assert (check(record.path).faults == ()) is (order == [0, 1, 2, 3, 4])
    record.path.write_text("".join(lines))


ORIGINAL: list[str] = []


def test_the_last_lines_cannot_be_cut_off_unseen(record: Looks) -> None:
    """And nothing is written, and so shown, until somebody has looked into it."""
    lines = written(record)
    record.path.write_text("".join(lines[:3]))

    assert check(record.path).faults == ("The record ends with line 3, and had 5: lines were cut off.",)
    with pytest.raises(LooksError, match="ends with line 3, and had 5"):
        record.write([LOOK])


def test_a_record_that_was_deleted_does_not_begin_again_unseen(record: Looks) -> None:
    written(record)
    record.path.unlink()

    assert check(record.path).faults != ()
    with pytest.raises(LooksError, match="lines were cut off"):
        record.write([LOOK])


def test_a_record_that_was_written_anew_shows_by_a_hash_that_was_kept(record: Looks) -> None:
    """It is whole in itself; only what was written down elsewhere tells."""
    written(record)
    kept = check(record.path).hash
    for file in record.path.parent.glob("*.looks*"):
        file.unlink()
    record.write([replace(look(n), person="provider:p2") for n in range(7)])

    assert check(record.path).faults == ()
    assert check(record.path, kept).faults == (
        "The line with the hash that was kept is not in the record: it was written anew.",
    )


def test_a_hash_that_was_kept_is_found_when_more_was_written(record: Looks) -> None:
    written(record)
    kept = check(record.path).hash
    record.write([LOOK])

    assert check(record.path, kept).faults == ()


def test_a_line_that_a_machine_stopped_writing_is_no_fault_and_no_look(record: Looks) -> None:
    """It was promised to nobody: the case was not shown yet."""
    lines = written(record, 2)
    with record.path.open("a") as file:
        file.write(lines[1][:40])

    record.write([look(9)])

    assert list(record.read()) == [look(0), look(1), look(9)]
    found = check(record.path)
    assert (found.faults, found.cut_off, found.lines) == ((), 1, 3)


def test_a_head_that_a_machine_stopped_writing_is_behind_and_no_fault(record: Looks) -> None:
    written(record, 2)
    head = record.path.with_name(record.path.name + ".head")
    behind = head.read_text()
    record.write([look(2)])
    head.write_text(behind)

    assert check(record.path).faults == ()
    record.write([look(3)])
    assert check(record.path).lines == 4


def test_a_disk_that_is_full_leaves_no_half_line(record: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first write takes ten bytes, as a disk does that has no more; the second fails."""
    written(record, 1)
    before = record.path.read_bytes()
    real, calls = os.write, []

    def full(file: int, text: bytes) -> int:
        calls.append(len(text))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(file, text[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LooksError, match="No space left"):
        record.write([look(1)])
    monkeypatch.undo()

    assert record.path.read_bytes() == before
    record.write([look(2)])
    assert check(record.path).faults == ()


def test_a_link_in_the_place_of_the_record_is_not_followed(record: Looks, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(0o600)
    record.path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LooksError):
        record.write([LOOK])


def test_a_look_is_on_the_disk_before_write_returns(record: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []

    def remembered(file: int) -> None:
        synced.append(record.path.read_bytes())

    monkeypatch.setattr(os, "fsync", remembered)
    record.write([LOOK])

    assert any(b"c0123456789abcdef" in content for content in synced)


def _write_twenty(path: Path, person: str) -> None:
    for n in range(20):
        Looks(path).write([replace(look(n), person=person)])


def test_several_processes_write_one_chain(record: Looks) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_twenty, args=(record.path, f"provider:p{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (check(record.path).lines, check(record.path).faults) == (60, ())
    assert {look.person for look in record.read()} == {"provider:p0", "provider:p1", "provider:p2"}
