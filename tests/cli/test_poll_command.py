"""`throughline source poll` as somebody types it: from a table to a timeline, and what is told where it cannot be."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from agency_tables import BY_CHANGE, MAPPING, AgencyTable, domain_folder
from typed import run

from throughline.errors import DatabaseUnavailable
from throughline.sources.databases.poll import Poll, Polled

NOBODY = "127.0.0.1:1"


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "files.yaml").write_text(BY_CHANGE + MAPPING)
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(domain_folder()))
    monkeypatch.chdir(tmp_path)
    return "files.yaml"


def test_from_a_table_of_postgres_to_a_timeline(agency_database: str, mapping: str, tmp_path: Path) -> None:
    """The address stands in a file. A dry run keeps nothing: the second says the same."""
    AgencyTable(agency_database).make().add(1, 2)
    (tmp_path / "address").write_text(f"{agency_database}\n")

    dry = [run("source", "poll", mapping, "--database-file", "address", "--dry-run") for _ in range(2)]
    (tmp_path / "events.jsonl").write_text(dry[0].stdout)
    run("replay", "events.jsonl", "--store", "cases.duckdb")

    assert dry[0].stdout == dry[1].stdout
    assert "files: 2 rows read (the first time: " in dry[0].stderr
    assert "File sent" in run("timeline", "urn:0001", "--store", "cases.duckdb").stdout
    assert not (tmp_path / "outbox.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--database", "postgresql://u:geheim@h/d"], "does not belong on a command line"),
        ([], "--database-file FILE, or set THROUGHLINE_DATABASE"),
        (["--database", "sqlite:///nowhere.sqlite", "--dry-run"], "There is no SQLite database `nowhere.sqlite`"),
        (["--database", "sqlite:///files.sqlite"], "Which broker?"),
        (["--database", "sqlite:///files.sqlite", "--once", "--every", "3s"], "cannot both be"),
        (["--database", "sqlite:///files.sqlite", "--every", "soon"], "Write 30s, 5m or 1h"),
    ],
)
def test_what_cannot_be_is_told(mapping: str, options: list[str], problem: str, tmp_path: Path) -> None:
    AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()

    told = run("source", "poll", mapping, *options, code=2).stderr

    assert problem in told
    assert "geheim" not in told


def test_a_table_that_is_not_there_is_told_with_the_nearest(mapping: str, tmp_path: Path) -> None:
    AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make().run("alter table files rename to filez")

    told = run("source", "poll", mapping, "--database", "sqlite:///files.sqlite", "--dry-run", code=1).stderr

    assert "The database has no table `files`." in told
    assert "`filez`" in told


def test_a_file_with_a_password_in_it_is_its_owners_alone(mapping: str, tmp_path: Path) -> None:
    """As any file that holds a secret; what it says is not repeated."""
    address = tmp_path / "address"
    address.write_text("postgresql://reader:hunter2@127.0.0.1:1/records\n")
    address.chmod(0o640)

    done = run("source", "poll", mapping, "--database-file", "address", "--dry-run", code=2)

    assert "is not private" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_row_that_is_refused_is_named(mapping: str, tmp_path: Path) -> None:
    table = AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()
    table.add(1, 2)
    table.run("update files set sent_at = 'yesterday' where id = 2")

    told = run("source", "poll", mapping, "--database", "sqlite:///files.sqlite", "--dry-run").stderr

    assert (
        "  1 bad_time; the first at files id=2: `sent_at`: `sent_at` is not a time of the form that the mapping says"
        in told
    )
    assert "yesterday" not in told


def test_it_goes_on_until_it_is_stopped(mapping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is away for one look; SIGTERM ends it with 0 after the look that is under way."""
    table = AgencyTable(f"sqlite:///{tmp_path}/files.sqlite").make()
    look, looks = Poll.look, iter(range(10))

    def counted(poll: Poll) -> Polled:
        number = next(looks)
        if number == 1:
            raise DatabaseUnavailable("It is away.")
        if number == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            table.add(1)
        return look(poll)

    monkeypatch.setattr(Poll, "look", counted)
    told = run(
        *("source", "poll", mapping, "--database", "sqlite:///files.sqlite"),
        *("--bootstrap", NOBODY, "--every", "0.05s"),
    )

    assert next(looks) == 3
    assert told.stderr.endswith("throughline: It is away. Looking again later.\nStopped; what was read is kept.\n")
    assert "files: 1 rows read" in told.stderr
