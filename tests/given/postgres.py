"""PostgreSQL for real: one cluster in a temporary folder, for the whole run, and a database of its own for a test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from throughline.broker.ports import free_ports

_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
_NAMES = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server, without a database; in CI it must be there."""
    if not _INSTALLED:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL is installed: see .ci/run")
        pytest.skip("no PostgreSQL is installed (Debian's package is postgresql)")
    with running_postgres() as address:
        yield address


@pytest.fixture
def agency_database(postgres: str) -> str:
    """The address of an empty database of PostgreSQL."""
    return new_database(postgres)


def new_database(server: str) -> str:
    name = f"agency_{next(_NAMES)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name} encoding 'UTF8' template template0")
    return f"{server}/{name}"


@contextmanager
def running_postgres() -> Iterator[str]:
    """A cluster that is made, started and, at the end, stopped and deleted. It takes no care of disks that fail."""
    folder = Path(tempfile.mkdtemp(prefix="throughline-postgres-"))
    programs, data, port = _INSTALLED[-1].parent, folder / "data", free_ports(1)[0]
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        _run([programs / "initdb", "-D", data, "-U", "agency", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
        small = "-c fsync=off -c shared_buffers=16MB -c max_connections=20"
        settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {small}"
        _run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start"])
        try:
            yield f"postgresql://agency@127.0.0.1:{port}"
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(words: Sequence[str | Path]) -> None:
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_owner, *map(str, words)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
