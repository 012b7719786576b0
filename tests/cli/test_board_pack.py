"""`board pack` as somebody types it, on the made-up cases of the demo."""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict
from pathlib import Path

import openpyxl
import pytest
from typed import run

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.board.figures.choice import Choice, measures_of
from throughline.sinks.board.figures.figure import rows_of
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.pack.composition import asked_for, paper
from throughline.sinks.board.pack.paper import Paper
from throughline.sinks.board.reading.present import Present
from throughline.sinks.disclosure.register import Register, register_of
from throughline.sinks.questions.limits import Limits

DAYS = {"as_of": "2026-05-31", "beside": "2026-03-31"}


@pytest.fixture(scope="module")
def store(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo, beside which a register may be kept."""
    path = tmp_path_factory.mktemp("pack") / "cases.duckdb"
    shutil.copyfile(demo, path)
    return path


def composed(store: Path, register: Register | None) -> Paper:
    present = Present([store], Limits())
    try:
        state = present.state()
        with state.cursor() as cursor:
            return paper(asked_for(cursor, state.facts, Settings(load_domain(), register), **DAYS))
    finally:
        present.close()


@pytest.fixture(scope="module")
def inside(store: Path) -> Paper:
    """The paper for those who work on the cases."""
    return composed(store, None)


def test_one_command_writes_both_and_again_the_same(store: Path, tmp_path: Path) -> None:
    """Named for the day that is counted to; a second run on the same store gives the same bytes."""
    asked = ["board", "pack", "--store", store, "--as-of", DAYS["as_of"], "--beside", DAYS["beside"]]
    said = run(*asked, "--out", tmp_path / "one").stdout.split()
    run(*asked, "--out", tmp_path / "two")

    names = ["board-paper-2026-05-31.pdf", "board-paper-2026-05-31.xlsx"]
    assert said == [str(tmp_path / "one" / name) for name in names]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    book = openpyxl.load_workbook(tmp_path / "one" / names[1])
    facts = {row[0].value: row[1].value for row in book["Contents"].iter_rows(min_row=2, max_row=6, max_col=2)}
    assert facts["Counted to"] == "31 May 2026 at 11.59pm"
    assert facts["Beside the meeting of"] == "31 March 2026"
    assert facts["Small numbers"] == "Counts of fewer than 10 cases are hidden"


def test_its_numbers_are_those_of_the_command_measure(store: Path, inside: Paper) -> None:
    """Every chapter of the board, in its order; the same cases, counted by another way to ask for them."""
    told = next(figure for figure in inside.figures if figure.name == "decisions_told")
    asked = ["measure", "decisions_told", "--by", "agency", "--format", "csv", "--store", store]
    lines = run(*asked, "--as-of", "2026-05-31T22:59:59.999999").stdout.splitlines()

    assert [chapter.title for chapter in inside.chapters] == [
        "Waiting", "Handoffs", "Promises and telling", "Standards", "Withdrawal",
    ]  # fmt: skip
    counts = sorted(int(line.split(",")[2]) for line in lines[1:])
    assert sorted(int(line.cells[2].replace(",", "")) for line in told.table.lines) == counts
    assert len(counts) > 5


def test_small_numbers_are_hidden_as_on_the_board(store: Path, inside: Paper) -> None:
    """No table has a count of 1 to 9 cases; for those who work on the cases it has, and every page says so."""
    shared = composed(store, Register(register_of(store)))

    assert small_counts(inside)
    assert small_counts(shared) == []
    assert (shared.marking, inside.marking[:38]) == ("", "For those who work on these cases: sma")
    # nor does any number that is hidden stand in a sentence
    assert "Hidden" in [figure.number.number for figure in shared.figures]


def test_a_paper_names_no_case_and_no_unit(inside: Paper) -> None:
    """It is for people who may not see a case."""
    text = repr(asdict(inside))

    assert re.findall(r"\bc[0-9a-f]{16}\b", text) == []
    assert "urn:throughline" not in text


def test_what_was_worked_out_is_kept_while_one_paper_is_made(store: Path) -> None:
    """Reading which measures there are throws nothing of it away."""
    present = Present([store], Limits())
    state = present.state()
    with state.cursor() as cursor:
        asked = asked_for(cursor, state.facts, Settings(load_domain()), **DAYS)
        measure = measures_of(asked)["promises"]
        first = rows_of(asked, Choice(measure, (), {}, None).measure, asked.as_of)
        measures_of(asked)

        assert rows_of(asked, measure, asked.as_of) is first
    present.close()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--as-of", "June"], "which is not a date"),
        (["--as-of", "2026-03-31", "--beside", "2026-03-31"], "earlier meeting"),
    ],
)
def test_a_day_that_cannot_be_meant_is_refused(store: Path, tmp_path: Path, asked: list[str], said: str) -> None:
    """And nothing is written."""
    assert said in run("board", "pack", "--store", store, "--out", tmp_path, *asked, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def small_counts(said: Paper) -> list[str]:
    """Counts of 1 to 9 cases in the tables of the paper and of its workbook."""
    shown = []
    for figure in said.figures:
        for grid in filter(None, (figure.grid, figure.months_grid)):
            for place, column in enumerate(grid.columns):
                if column.head in ("Cases", "Cases, then"):
                    shown += [str(row[place]) for row in grid.rows]
        for table in filter(None, (figure.table, figure.months_table)):
            if "Cases" in table.heads:
                shown += [line.cells[table.heads.index("Cases")] for line in table.lines]
    return [one for one in shown if one.isdecimal() and 0 < int(one) < 10]
