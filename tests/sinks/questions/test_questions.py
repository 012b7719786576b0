"""Named questions: what their files say of themselves is so, and each answers something on the demo's cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from throughline.cli.main import throughline
from throughline.errors import UsageError
from throughline.sinks.questions.question import Question, ask, parsed, question, questions
from throughline.sinks.store import Store, open_store

LIMBO = """-- What waits?
-- One row per case.
-- needs: cases
-- $rows integer = 2: rows at most
-- $since time: when it began
-- $area text = null: one area
-- $ids texts = a,b: cases
select $rows as rows, $since as since, $area as area, $ids as ids
"""
# In the demo nothing was published, and no checks were put on the record.
NOTHING_TO_SAY = {"publications", "quality_history", "quality_of_check"}
TOLD = {
    "identifier": "select any_value(identifiers[1]) from cases",
    "case_ids": "select list(case_id) from (from cases limit 2)",
    "reason": "select any_value(reason) from quarantine",
    "check": "select 'sources_silent'",
}


@pytest.fixture
def store(demo: Path) -> Iterator[Store]:
    with open_store(demo, write=False) as opened:
        yield opened


def told(store: Store, asked: Question) -> dict[str, object]:
    """A value for each parameter that the demo's store has something for."""
    values: dict[str, object] = {}
    for one in asked.parameters:
        if one.name == "now":
            values[one.name] = datetime(2026, 7, 1)  # noqa: DTZ001 - UTC without zone, as the store keeps times
        elif one.name in TOLD:
            row = store.connection.execute(TOLD[one.name]).fetchone()
            assert row is not None
            values[one.name] = row[0]
    return values


@pytest.mark.parametrize("name", questions())
def test_a_question_has_the_parameters_that_its_comment_names(name: str) -> None:
    """DuckDB finds in the query what the comment promises, no more and no less."""
    asked = question(name)
    (statement,) = duckdb.connect().extract_statements(asked.sql)

    assert statement.named_parameters == {one.name for one in asked.parameters}


@pytest.mark.parametrize("name", [one.name for one in questions().values() if not one.needs])
def test_a_question_answers_something_on_the_demo(name: str, store: Store) -> None:
    """Whoever tries a question on the demo sees rows, and no more of them than asked for."""
    asked = question(name)

    answer = ask(store.connection, name, **told(store, asked))

    assert bool(answer.rows) is (name not in NOTHING_TO_SAY)
    assert all(len(row) == len(answer.columns) for row in answer.rows)


def test_telling_is_counted_where_nobody_states_when_a_decision_took_effect(store: Store) -> None:
    """The demo's systems state no effect: its decisions are counted all the same, each once."""
    answer = ask(store.connection, "told_after_effect")
    row = dict(zip(answer.columns, answer.rows[0], strict=True))

    assert row["told_effect_not_stated"] > 0
    assert row["decisions"] == sum(row[name] for name in answer.columns[2:])


def test_a_comment_is_read_as_question_row_parameters_and_needs() -> None:
    """What is left out has a default; `null` is one."""
    asked = parsed("limbo", LIMBO)

    assert (asked.asks, asked.row, asked.needs) == ("What waits?", "One row per case.", ("cases",))
    assert [(one.name, one.kind, one.default, one.is_required) for one in asked.parameters] == [
        ("rows", "integer", 2, False),
        ("since", "time", None, True),
        ("area", "text", None, False),
        ("ids", "texts", ["a", "b"], False),
    ]


def test_values_are_bound_and_not_written_into_the_query() -> None:
    """A text that looks like SQL is a text; texts are read as the kind of their parameter."""
    asked = parsed("limbo", LIMBO)

    values = asked.values({"rows": "5", "since": "2026-03-01T01:00:00+01:00", "area": "'; drop table events; --"})
    row = duckdb.connect().execute(asked.sql, values).fetchone()

    midnight = datetime(2026, 3, 1)  # noqa: DTZ001 - UTC without zone, as the store keeps times
    assert row == (5, midnight, "'; drop table events; --", ["a", "b"])


@pytest.mark.parametrize(
    ("given", "sentence", "hint"),
    [
        ({}, "`limbo` needs `since`", "since (time): when it began"),
        ({"since": "yesterday"}, "`yesterday` is no time, which `since` of `limbo` is", "`since` is: when it began"),
        ({"since": "2026-03-01", "row": "5"}, "`limbo` has no `row` to set", "rows (integer): rows at most"),
    ],
)
def test_a_value_that_does_not_fit_is_named(given: dict[str, str], sentence: str, hint: str) -> None:
    """And what may be set, or what it is."""
    with pytest.raises(UsageError, match=sentence) as raised:
        parsed("limbo", LIMBO).values(given)

    assert hint in raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "-- What waits?\nselect 1",
        "-- Waiting cases.\n-- One row per case.\nselect 1",
        "-- What waits?\n-- One row per case.\n-- $rows number = 2: rows at most\nselect 1",
        "-- What waits?\n-- One row per case.\n-- $rows integer\nselect 1",
    ],
)
def test_a_file_that_does_not_say_what_it_answers_is_refused(text: str) -> None:
    """A question, what a row is, and parameters of a known kind with a meaning."""
    with pytest.raises(ValueError, match=r"limbo\.sql"):
        parsed("limbo", text)


def test_an_unknown_question_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"There is no question `limbo`\.(.|\n)*longest_limbo"):
        question("limbo")


def test_the_command_asks_a_question_by_its_name(demo: Path) -> None:
    """`--set` tells it something; SQL beside a name is one thing too many, and so is --set where nothing can be set."""
    named = ["query", "--store", str(demo), "--format", "csv", "--named"]

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(throughline, words, standalone_mode=False)
        return (2, str(done.exception)) if done.exception else (0, done.stdout)

    assert run(*named, "longest_limbo", "--set", "rows=3")[1].count("\n") == 4
    assert "asked by a command of its own" in run(*named, "links")[1]
    assert "Give one of them" in run(*named, "handoffs", "select 1")[1]
    assert "no `rows` to set" in run("query", "select 1", "--set", "rows=3", "--store", str(demo))[1]
    assert run("query", "--store", str(demo))[0] == 2
