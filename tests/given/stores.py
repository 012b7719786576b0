"""A small schema and a few moves that the tests of the store share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from throughline.sinks.schema import Migration, Schema
from throughline.sinks.store import Store

SMALL = Schema(
    (Migration(1, "0001_notes.sql", "create table notes (n integer, text varchar);"),),
    {"loud_notes": "create or replace view loud_notes as select n, upper(text) as text from notes;"},
)


def write_notes(store: Store, first: int, last: int) -> None:
    """One transaction for each number."""
    for n in range(first, last + 1):
        with store.transaction() as connection:
            connection.execute("insert into notes select ?, repeat('x', 100) || ?", [n, n])


def numbers(store: Store) -> list[int]:
    return [n for (n,) in store.connection.execute("select n from notes order by n").fetchall()]


def run_python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """`code` in a process of its own, with this folder importable; talk to it by its pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )
