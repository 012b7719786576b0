"""The house: every room says what lives there, is small enough to look around in, and names things once."""

from __future__ import annotations

import ast
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from rooms import ROOMS, ROOT, TOPS, modules, room_of

MODULES_AT_MOST = 15
LINES_AT_MOST = 300
README_LINES = range(4, 15)
# What is longer, and why it is in one file.
LONGER = {
    "bench/hostile/topic.py": "one run over a real topic, from bytes to the count of each record",
    "schemas/acceptance/rules.py": "every rule of an event in one place",
    "sinks/migrations/0001_tables.sql": "an applied migration is never edited",
    "sources/formats/delimited.py": "a quick way for plain files and a careful one for the others, of one format",
    "sources/mapping/grammar.py": "every key of a mapping with its meaning and an example, in one place",
    "sources/mapping/statement.py": "one statement of SQL, put together from the parts of a mapping",
    "streams/log/message_set.py": "one format of Kafka, read from its bytes",
    "streams/worker/committer.py": "one thread with one loop, and everything that can interrupt it",
}
# READMEs that are pages of their own: what is measured, and how the peers are.
PAGES = {"bench", "bench/peers"}
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}

FILES = {module: file for module, file in modules().items() if file.name != "__init__.py"}
ROOMS_AND_TOPS = sorted({*ROOMS, *TOPS, "tests"})


def in_room(room: str) -> list[Path]:
    return [file for module, file in FILES.items() if room_of(module) == room]


@pytest.mark.parametrize("room", ROOMS_AND_TOPS)
def test_a_room_says_what_lives_there_and_what_does_not(room: str) -> None:
    """In about five lines, so that they are read."""
    text = (ROOT / room / "README.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {room}: ") or room in PAGES
    assert "Not here: " in text
    assert len(text.splitlines()) in README_LINES or room in PAGES


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_can_be_looked_around_in(room: str) -> None:
    assert len(in_room(room)) <= MODULES_AT_MOST


def test_no_file_is_long_without_a_reason() -> None:
    """A file that has become shorter needs none any more."""
    files = [*FILES.values(), *(file for top in TOPS for file in (ROOT / top).rglob("*.sql"))]
    lines = {file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in files}

    assert {name for name, n in lines.items() if n > LINES_AT_MOST} == LONGER.keys()


def is_nearly(one: str, other: str) -> bool:
    """Whether two names differ by an ending only: a plural, or a word more."""
    short, long = sorted((one, other), key=len)
    plural = {f"{short}s", f"{short}es", f"{short.removesuffix('y')}ies" if short.endswith("y") else ""}
    return long in plural or long.startswith(f"{short}_")


@pytest.mark.parametrize("top", [*TOPS, "throughline/cli"])
def test_no_two_modules_have_nearly_one_name(top: str) -> None:
    """Where two rooms name a module alike, it is alike to the letter. A command's module is called as the command."""
    of_command = top == "throughline/cli"
    names = sorted(
        {
            file.stem
            for file in FILES.values()
            if file.is_relative_to(ROOT / top)
            and file.is_relative_to(ROOT / "throughline" / "cli") is of_command
            and file.stem != "__main__"
        }
    )

    assert names
    assert [pair for pair in combinations(names, 2) if is_nearly(*pair)] == []


@pytest.mark.parametrize(
    ("one", "other", "nearly"),
    [
        ("standard", "standards", True),
        ("quality", "qualities", True),
        ("event", "event_rows", True),
        ("event", "eventual", False),
        ("rows", "rows", False),
    ],
)
def test_names_are_near_by_a_plural_or_a_word_more(one: str, other: str, nearly: bool) -> None:
    assert is_nearly(one, other) is is_nearly(other, one) is nearly


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports each under its bare name: of two it runs one, and ends with an error."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("*.py") if file.name != "conftest.py")

    assert len(names) > 100
    assert [name for name, n in names.items() if n > 1] == []


def test_no_name_is_vague() -> None:
    """`utils` is where things are put whose place was not looked for."""
    assert [file for file in FILES.values() if VAGUE & set(file.stem.split("_"))] == []


def only_forwards(text: str) -> bool:
    """Whether a module has nothing of its own: a docstring, imports and `__all__`."""
    body = ast.parse(text).body
    own = [
        node
        for node in body
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]
    return not own and any(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def test_no_module_only_forwards() -> None:
    """A name is imported from where it is written; a package's `__init__` says what the room is."""
    assert [file for file in modules().values() if only_forwards(file.read_text(encoding="utf-8"))] == []


def test_what_forwards_is_known() -> None:
    assert only_forwards('"""Readers."""\nfrom a import b\n__all__ = ["b"]\n')
    assert not only_forwards('"""The room of readers."""\n')
    assert not only_forwards("from a import b\n\nb()\n")
