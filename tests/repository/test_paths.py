"""What the written pages name is there: paths, modules, and names of the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from rooms import ROOT, TOPS, modules

TOP_FOLDERS = (*TOPS, "docs", "tests", "bin", ".ci")
ENDINGS = (".py", ".sql", ".yaml", ".yml", ".avsc", ".toml", ".md", ".svg")
# What stands on a page, not yet in the repository.
TO_COME: set[str] = set()
# Names that others gave: settings, types and options of Kafka, Faust, DuckDB, and of SQL.
OF_OTHERS = {"ConsumerScheduler", "exactly_once", "md5_number_lower", "store_rejects", "table_standby_replicas"}

READMES = [file for top in (*TOPS, "tests") for file in (ROOT / top).rglob("README.md")]
STRICT = [
    ROOT / "README.md",
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "rules.md",
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
    # the links in throughline/ lead to the same files
    *sorted({file.resolve() for file in READMES}),
]
PAGES = [*STRICT, ROOT / "docs" / "scale.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]


def quoted(page: Path) -> list[str]:
    """What stands between backticks on a page, outside of blocks of code."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def is_path(text: str) -> bool:
    """Whether a text is a path of this repository: by its first folder, or by its ending."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", text):
        return False
    return (text.split("/")[0] in TOP_FOLDERS and "/" in text) or text.endswith(ENDINGS) or text.endswith("/")


@cache
def file_names() -> frozenset[str]:
    return frozenset(file.name for top in (*TOPS, "docs") for file in (ROOT / top).rglob("*") if file.is_file())


def is_there(page: Path, path: str) -> bool:
    """From the root, from beside the page or, for a bare name such as `topics.yaml`, anywhere."""
    return (ROOT / path).exists() or (page.parent / path).exists() or path in file_names()


def relative(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_path_on_a_page_is_there(page: Path) -> None:
    """A file that moves takes its name on the pages with it."""
    named = {text for text in quoted(page) if is_path(text)} - TO_COME
    # how-to pages name the reader's own folders, too
    ours = {text for text in named if page in STRICT or text.split("/")[0] in TOP_FOLDERS}

    assert sorted(path for path in ours if not is_there(page, path)) == []


def test_what_is_to_come_has_not_come() -> None:
    """Or it is taken off the list."""
    assert [path for path in TO_COME if (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_module_on_a_page_is_there(page: Path) -> None:
    """`python -m bench.replay` and `throughline.streams` alike."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"\b((?:throughline|bench)(?:\.\w+)+)", text)
    # throughline.duckdb is a store
    ours = {name for name in named if not name.endswith((".duckdb", ".json", ".html"))}

    assert sorted(name for name in ours if name not in modules() and name.rpartition(".")[0] not in modules()) == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_test_on_a_page_is_there(page: Path) -> None:
    """Named as `tests/…/test_file.py::test_name`."""
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", page.read_text(encoding="utf-8"))

    assert [test for file, test in named if f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")] == []


@cache
def words() -> frozenset[str]:
    """Every word of the code, the SQL and the data."""
    files = [file for top in TOPS for file in (ROOT / top).rglob("*") if file.suffix in (".py", *ENDINGS[1:5])]
    texts = [file.read_text(encoding="utf-8") for file in [*files, *(ROOT / "tests").rglob("*.py")]]
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


@pytest.mark.parametrize("page", STRICT, ids=relative)
def test_every_name_on_a_page_is_in_the_code(page: Path) -> None:
    """A name is what has an underscore, a capital inside, or is all capitals; paths are looked at above."""
    whole = [text for text in quoted(page) if re.fullmatch(r"[A-Za-z_][\w.]*(?:\(.*\)|=\w+)?", text)]
    parts = {part for text in whole if not is_path(text) for part in re.findall(r"\w+", text)}
    names = {part for part in parts if re.search(r"\w_|[a-z][A-Z]|^[A-Z]{3,}$", part)}

    assert sorted(names - words() - OF_OTHERS) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("streams/join/accept.py", True),
        ("topics.yaml", True),
        ("avro/", True),
        ("bin/demo", True),
        ("application/json", False),
        ("/ready", False),
        ("domain.yaml: alerts", False),
        ("<store>.lock", False),
    ],
)
def test_a_path_is_known_by_its_folder_or_its_ending(text: str, is_one: bool) -> None:
    assert is_path(text) is is_one
