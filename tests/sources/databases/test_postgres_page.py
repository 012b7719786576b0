"""The walk of docs/how-to/databases.md from a table of PostgreSQL to a timeline, word for word but for the address."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import psycopg
import pytest
from typed import run

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "databases.md"
PART = re.compile(r"^## The same from PostgreSQL$.*?^```sql\n(.*?)^```$.*?^```sh\n(.*?)^```$", re.M | re.S)


def test_the_page_leads_from_a_table_of_postgres_to_a_timeline(
    agency_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = PART.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    table, text = found.groups()
    with psycopg.connect(agency_database) as connection:
        for statement in table.strip().removesuffix(";").split(";\n"):
            connection.execute(statement.encode())
    monkeypatch.chdir(tmp_path)
    export, *commands = text.replace("\\\n", " ").splitlines()
    assert export.startswith("export THROUGHLINE_DATABASE=postgresql://")
    monkeypatch.setenv("THROUGHLINE_DATABASE", agency_database)

    said = ""
    for command in commands:
        words = shlex.split(command)
        goes_to = words.index(">") if ">" in words else len(words)
        said = run(*words[1:goes_to]).stdout
        if goes_to < len(words):
            Path(words[-1]).write_text(said, encoding="utf-8")

    assert "2026-03-18 09:00,police 20PP,Crime recorded" in said
