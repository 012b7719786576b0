"""The entries of measures: what is wrong with one names the file, the line and the key. A domain may replace one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured import MEASURES
from tiny_domain import write

from throughline.errors import DomainError, UsageError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import load_measures, measure_of
from throughline.sinks.store import Store

ENTRY = """\
measures:
  - name: untriaged
    title: Files not looked at
    asks: How many?
    page: handoffs
    counts: files
    kind: outcomes
    outcomes:
      seen: seen
      unseen: {title: not seen yet, known: false}
    cuts: {colour: Colour}
    figure: delays
    headline: {outcomes: [seen], says: of files were seen}
    review: Somebody asked.
    method: By counting.
    unknown: Nothing.
    not_for: Judging anybody.
    drawn: shares
"""
SQL = """\
-- One row per case.
select case_id, opened_at as counted_at, null as agency, null as unit, 'seen' as outcome from cases
"""


def domain_with(folder: Path, text: str, **files: str) -> Domain:
    """The tiny domain with an entry of measures and, by name, files of SQL."""
    made = write(folder / "tiny")
    (made / "measures").mkdir()
    (made / "measures" / "measures.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (made / "measures" / f"{name}.sql").write_text(content, encoding="utf-8")
    return load_domain(made)


def test_a_domain_adds_its_own_measure_to_those_there_are(tmp_path: Path) -> None:
    found = load_measures(domain_with(tmp_path, ENTRY, untriaged=SQL))

    assert found.keys() - load_measures(load_domain(write(tmp_path / "plain"))).keys() == {"untriaged"}
    assert found["untriaged"].sql == SQL
    assert found["untriaged"].unknown_outcomes == ("unseen",)
    assert [found["untriaged"].outcome_title(value) for value in ("unseen", "cps")] == ["not seen yet", "cps"]


def test_a_domain_may_replace_a_measure(tmp_path: Path) -> None:
    text = ENTRY.replace("name: untriaged", "name: waiting")

    assert load_measures(domain_with(tmp_path, text, waiting=SQL))["waiting"].title == "Files not looked at"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ("kind: outcomes", "kind: shares", 7, "untriaged.kind", "`shares` is not known."),
        ("page: handoffs", "page: handsoff", 5, "untriaged.page", "Did you mean `handoffs`?"),
        ("drawn: shares", "drawn: pie", 18, "untriaged.drawn", "`pie` is not known."),
        ("figure: delays", "figure: delay", 12, "untriaged.figure", "Did you mean `delays`?"),
        ("outcomes: [seen]", "outcomes: [read]", 13, "untriaged.headline.outcomes", "`read` is not known."),
        ("outcomes: [seen], ", "", 13, "untriaged.headline.outcomes", "is missing."),
        ("seen: seen\n", "seen: 3\n", 9, "untriaged.outcomes.seen", "must be a mapping."),
        ("known: false", "known: perhaps", 10, "untriaged.outcomes.unseen.known", "neither true nor false"),
        ("known: false", "certain: false", 10, "untriaged.outcomes.unseen.certain", "is not a key here."),
        ("colour: Colour", "month: Month", 11, "untriaged.cuts.month", "is a cut of every measure."),
        ("colour: Colour", "band: How long", 11, "untriaged.cuts.band", "is a cut of every measure."),
        ("colour: Colour", "seconds: Age", 11, "untriaged.cuts.seconds", "is a column that every measure has"),
        ("colour: Colour", "colour: 3", 11, "untriaged.cuts.colour", "3 is not text."),
        ("method: By counting.", "methods: By counting.", 15, "untriaged.methods", "is not a key here."),
        ("    method: By counting.\n", "", 2, "untriaged.method", "is missing or empty."),
        ("name: untriaged", "name: triaged", 2, "triaged.name", "triaged.sql` must be there and begin with"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, key: str, said: str
) -> None:
    assert ENTRY.count(old) == 1
    domain = domain_with(tmp_path, ENTRY.replace(old, new), untriaged=SQL)

    with pytest.raises(DomainProblemsError) as error:
        load_measures(domain)

    found = [problem for problem in error.value.problems if problem.key == key]
    assert [Path(one.file).name for one in found] == ["measures.yaml"], error.value.problems
    assert found[0].line == line
    assert said in str(found[0])


def test_a_measure_stands_once(tmp_path: Path) -> None:
    twice = ENTRY + ENTRY.removeprefix("measures:\n")

    with pytest.raises(DomainProblemsError, match=r"measures.yaml:19: `untriaged.name`: `untriaged` stands twice."):
        load_measures(domain_with(tmp_path, twice, untriaged=SQL))


def test_sql_says_what_a_row_is(tmp_path: Path) -> None:
    with pytest.raises(DomainProblemsError, match="begin with `-- One row per"):
        load_measures(domain_with(tmp_path, ENTRY, untriaged="select 1"))


def test_a_name_that_there_is_not(tmp_path: Path) -> None:
    domain = load_domain(write(tmp_path))

    assert measure_of(domain, "held").name == "held"
    with pytest.raises(UsageError, match=r"There is no measure `hold`.\n\nDid you mean `held`?"):
        measure_of(domain, "hold")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("-- One row per case.\nselect case_id from nowhere", "measure `promises` cannot be run: Catalog Error"),
        ("-- One row per case.\nselect nothing from cases", "measure `promises` cannot be run: Binder Error"),
        ("-- One row per case.\nselect case_id,, from cases", "measure `promises` cannot be run: Parser Error"),
        (SQL.replace("null as unit, ", ""), "measure `promises` gives no `unit`."),
        (SQL.replace("outcome", "result"), "measure `promises` gives no `outcome`."),
    ],
)
def test_sql_that_does_not_fit_says_of_which_measure_it_is(empty_store: Store, sql: str, said: str) -> None:
    with pytest.raises(DomainError, match=said):
        facts(empty_store.connection, replace(MEASURES["promises"], sql=sql), ())


def test_sql_gives_every_cut_that_the_entry_names(empty_store: Store) -> None:
    with pytest.raises(DomainError, match=r"measure `promises` gives no `colour`\."):
        facts(empty_store.connection, replace(MEASURES["promises"], cuts={"colour": "Colour"}), ())
