"""README and the pages of docs/ teach by commands: every block of them is run here as a reader would paste it.

A page is read from its beginning in one folder, with the files of the repository that it names. What cannot be run here
says so where it stands, by a comment that the page does not show: `<!-- not run: needs a broker -->`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typed import run

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"(?:^<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<kind>\S*)\n(?P<text>.*?)^```$", re.M | re.S)
# Why a block may not be run, and what does run it.
REASONS = {
    "runs until it is stopped": "tests/cli/test_board_command.py",
    "needs a broker": "tests/live, tests/broker",
    "needs Docker": "tests/repository/test_compose.py",
    "needs a secured broker": "tests/live/test_secured_wire.py, word for word",
    "needs a file of yours": "tests/quality/reconciliation",
    "needs a server of yours": "tests/cli/test_quality_pages.py, tests/sources/databases/test_postgres_page.py",
    "sets up this machine and runs the tests": "CI",
}
# What a page shows and nobody pastes.
SHOWN = {"csv", "json", "mermaid", "python", "sql", "text", "yaml"}
DEMO_CASES = 60


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    kind: str
    text: str
    reason: str | None


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Block(name, text.count("\n", 0, found.start("text")), found["kind"], found["text"], found["reason"])
        for found in FENCE.finditer(text)
    ]


PAGES = {page: blocks_of(page) for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))}
BLOCKS = [block for blocks in PAGES.values() for block in blocks]


def is_asked(block: Block) -> bool:
    """Whether it is SQL that somebody would paste into `query`: a question, by its first line."""
    return block.kind == "sql" and block.text.partition("\n")[0].endswith("?")


def is_run(block: Block) -> bool:
    return block.reason is None and (block.kind == "sh" or is_asked(block))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of `throughline demo`, with fewer cases."""
    path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    run("demo", "--cases", DEMO_CASES, "--store", path)
    return path


def copy_demo(demo: Path, to: Path) -> None:
    for ending in ("", ".mark"):
        shutil.copyfile(f"{demo}{ending}", f"{to}{ending}")


def simple_commands(text: str) -> list[list[str]] | None:
    """The commands of a block as words; None where it asks something of the shell besides."""
    commands: list[list[str]] = []
    started = ""
    for line in text.splitlines(keepends=True):
        started += line
        lexer = shlex.shlex(started.replace("\\\n", " "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:
            continue  # a quotation goes on in the next line
        if started.rstrip(" ").endswith("\\\n"):
            continue
        if "$" in started or "`" in started or any(set(word) <= set("();<>|&") for word in words):
            return None
        if words:
            words[0] = words[0].removeprefix(".venv/bin/")
            commands.append(words)
        started = ""
    return commands if all(words[0] in ("throughline", "cd") for words in commands) else None


def in_shell(text: str) -> None:
    """Run a shell script in the present folder with our own commands first on the path."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def paste(block: Block, demo: Path, store: Path) -> None:
    """Do what the block says: in this process where it has nothing but commands of ours, else in a shell."""
    if is_asked(block):
        run("query", block.text, "--store", store)
        return
    commands = simple_commands(block.text)
    if commands is None:
        in_shell(block.text)
        return
    for words in commands:
        if words[0] == "cd":
            os.chdir(words[1])
        elif words[:3] == ["throughline", "demo", "--store"] and len(words) == 4:
            copy_demo(demo, Path(words[3]))
        else:
            run(*words[1:])


@pytest.mark.parametrize(
    "page", [page for page, blocks in PAGES.items() if any(map(is_run, blocks))], ids=lambda page: page.stem
)
def test_every_block_of_a_page_runs(page: Path, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in a folder that has what the repository has, each without an error."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for folder in ("schemas", "sinks"):  # which pages include files of
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    copy_demo(demo, tmp_path / "demo.duckdb")
    ran = []

    for block in PAGES[page]:
        if is_run(block):
            stores = sorted(tmp_path.rglob("cases.duckdb"))
            try:
                paste(block, demo, stores[0] if stores else tmp_path / "demo.duckdb")
                for name, value in re.findall(r"^export (\w+)=(\S+)$", block.text, re.M):
                    monkeypatch.setenv(name, value)
            except AssertionError as error:
                error.add_note(f"{block.page}:{block.line}\n{block.text}")
                raise
            ran.append(block)

    assert ran


def test_every_block_says_what_it_is() -> None:
    """A block without a kind could hide a command."""
    known = {"sh", *SHOWN}

    assert [f"{block.page}:{block.line}" for block in BLOCKS if block.kind not in known] == []


def test_what_is_not_run_says_why() -> None:
    """By one of a few reasons, all of them in use, and only where something would be run."""
    given = [block for block in BLOCKS if block.reason is not None]

    assert {block.reason for block in given} == set(REASONS)
    assert {block.kind for block in given} == {"sh"}
    assert len([block for block in given if block.reason != "needs a secured broker"]) <= 27


def test_the_example_events_of_readme_are_joined_into_one_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Police send on a crime reference and a URN, the CPS know only the URN: one case, four days in limbo."""
    block = next(block for block in PAGES[ROOT / "README.md"] if "cat > events.jsonl" in block.text)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    monkeypatch.chdir(tmp_path)
    in_shell(block.text)

    said = run(
        "query",
        "select c.events, h.from_agency, h.to_agency, h.limbo_seconds / 86400 as days "
        "from cases c join handoffs h using (case_id)",
        *("--store", "mine.duckdb", "--format", "csv"),
    ).stdout

    assert said.splitlines()[-1] == "3,police,cps,4.104166666666667"


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("throughline a b   # why\n", [["throughline", "a", "b"]]),
        (
            'throughline query "select 1\n  from x" --store s\n',
            [["throughline", "query", "select 1\n  from x", "--store", "s"]],
        ),
        ("throughline a \\\n  --b c\ncd d\n", [["throughline", "a", "--b", "c"], ["cd", "d"]]),
        (".venv/bin/throughline query \"where x <> 'y'\"\n", [["throughline", "query", "where x <> 'y'"]]),
        ("throughline a > b\n", None),
        ("throughline a | head\n", None),
        ("throughline a $b\n", None),
        ("A=b throughline a\n", None),
        ("cp a b\n", None),
    ],
)
def test_simple_commands_are_told_from_scripts(text: str, commands: list[list[str]] | None) -> None:
    assert simple_commands(text) == commands
