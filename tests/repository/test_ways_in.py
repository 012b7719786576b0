"""The ways in that docs/how-to/agencies.md lists: each is there, is short, ends in a timeline, and is run by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "agencies.md"
AT_MOST = 6
WAY = re.compile(r"^\| ([^|]+) \| \[[^]]+\]\(([^)#]*)#([^)]+)\) \| (\d) \| `([^`]+)` \|$", re.M)
WAYS = WAY.findall(PAGE.read_text(encoding="utf-8"))
KINDS = (
    "Event files",
    "CSV",
    "Excel",
    "XML",
    "JSON",
    "Fixed width",
    "OCEL",
    "SQLite",
    "PostgreSQL",
    "HTTP",
    "Debezium",
    "folder",
)
HEADING = re.compile(r"^(#+) (.+)$")
COMMAND = re.compile(r"(?:throughline|until throughline|curl) ")


def section(page: Path, anchor: str) -> list[str]:
    """The lines below the heading of this anchor, as far as the next heading."""
    lines: list[str] = []
    inside = fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else HEADING.match(line)
        if heading is not None:
            inside = re.sub(r"[^\w -]", "", heading[2].lower()).replace(" ", "-") == anchor
        elif inside:
            lines.append(line)
    return lines


def commands(lines: list[str]) -> list[str]:
    """What is typed of ours in the shell blocks, without what a command is given to read (<<'END')."""
    found: list[str] = []
    is_shell = is_given = False
    for line in lines:
        if line.startswith("```"):
            is_shell = line == "```sh"
        elif is_given:
            is_given = line != "END"
        elif is_shell:
            if COMMAND.match(line):
                found.append(line)
            is_given = line.endswith("<<'END'")
    return found


@pytest.mark.parametrize(("way", "page", "anchor", "count", "test"), WAYS, ids=[way for way, *_ in WAYS])
def test_a_way_in_is_as_the_table_says(way: str, page: str, anchor: str, count: str, test: str) -> None:
    lines = section(PAGE.parent / page if page else PAGE, anchor)
    found = commands(lines)

    assert len(found) == int(count) <= AT_MOST
    assert "throughline timeline " in found[-1]
    assert (ROOT / test).is_file()
    is_pasted = not any(line.startswith("<!-- not run") for line in lines)
    assert is_pasted == (test == "tests/repository/test_pasted_commands.py")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_way_in(kind: str) -> None:
    assert [way for way, *_ in WAYS if kind in way]
