"""`board looks` shows who looked at which case, and ends with 1 where the record is not whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gated_board import CASE, POLICE_ONLY, SHARED, id_of, make_store

from throughline.cli.main import throughline
from throughline.sinks.board.access.looks import Look, Looks, looks_path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, two cases: p1 looked at both, p2 was refused one."""
    store = make_store(tmp_path_factory.mktemp("looked") / "cases.duckdb")
    other = id_of(store, POLICE_ONLY)
    for at, person, case, outcome in (
        ("2026-03-02T10:00", "provider:p1", CASE, "shown"),
        ("2026-03-03T10:00", "provider:p1", other, "shown"),
        ("2026-03-04T10:00", "provider:p2", other, "refused"),
    ):
        look = Look(datetime.fromisoformat(at).replace(tzinfo=UTC), person, ("steward",), "s", case, "/cases", outcome)  # type: ignore[arg-type]
        Looks(looks_path(store)).write([look])
    return store


def asked(store: Path, *options: str) -> Result:
    return CliRunner().invoke(throughline, ["board", "looks", "--store", str(store), "--format", "json", *options])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["2026-03-02", "2026-03-03", "2026-03-04"]),
        (["--case", SHARED], ["2026-03-02"]),
        (["--case", POLICE_ONLY], ["2026-03-03", "2026-03-04"]),
        (["--person", "provider:p1"], ["2026-03-02", "2026-03-03"]),
        (["--person", "provider:p1", "--since", "2026-03-03"], ["2026-03-03"]),
        (["--person", "p1"], []),
    ],
)
def test_looks_are_found_by_case_person_and_time(store: Path, options: list[str], expected: list[str]) -> None:
    result = asked(store, *options)

    assert result.exit_code == 0, result.output
    assert [row["when (UTC)"][:10] for row in json.loads(result.stdout)] == expected
    assert "3 looks on the record; last hash " in result.stderr


def test_the_last_hash_is_what_is_given_back(store: Path) -> None:
    last = asked(store).stderr.split()[-1]

    assert asked(store, "--kept", last).exit_code == 0
    other = asked(store, "--kept", "0" * 63 + "1")
    assert other.exit_code == 1
    assert "written anew" in other.stderr


def test_a_hash_that_is_none_is_a_wrong_call(store: Path) -> None:
    assert asked(store, "--kept", "abc").exit_code == 2


def test_a_record_that_is_not_whole_ends_with_1(store: Path, tmp_path: Path) -> None:
    record = looks_path(store)
    lines = record.read_text().splitlines(keepends=True)
    copy = tmp_path / "copy.looks"
    copy.write_text(lines[0] + lines[2])

    result = asked(store, "--looks", str(copy))

    assert result.exit_code == 1
    assert "Line 2 does not follow the line before it" in result.stderr


def test_a_board_that_nobody_looked_at_has_an_empty_record(tmp_path: Path) -> None:
    result = asked(make_store(tmp_path / "new.duckdb"))

    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_beyond_this_machine_the_command_refuses_to_start(store: Path) -> None:
    result = CliRunner().invoke(throughline, ["board", "--store", str(store), "--host", "0.0.0.0"])

    assert result.exit_code != 0
    assert "The board does not listen on `0.0.0.0`" in str(result.exception)
