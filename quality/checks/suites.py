"""Suites of expectations on rows: those that follow from the catalogue, those of the public views, and an agency's own.

What admission enforced when an event came is proved here of all that is kept, by the catalogue of today: it may have
been narrowed since. A suite is judged by Great Expectations on one frame; a view that is large is judged whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from throughline.quality.checks.expectations import Expectation, Outcome, judge
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.definitions.catalogue import ENVELOPE, EventType
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Problems, read_entry
from throughline.schemas.definitions.quality import DIMENSIONS, AgencyExpectation, QualityRules
from throughline.schemas.definitions.yaml_lines import plain

REQUIRED = "required_fields"
VALUES = "values_of_the_catalogue"
_PAIR = "expect_column_pair_values_a_to_be_greater_than_b"


@dataclass(frozen=True)
class Suite:
    """Expectations on the rows of one event type or view, its `subject`; `frame` is the SELECT of the rows."""

    subject: str
    frame: str
    expectations: tuple[Expectation, ...]

    def subject_of(self, expectation: Expectation) -> str:
        """What the result of an expectation is about: the subject, and the field where it is of one."""
        column = expectation.arguments.get("column")
        return self.subject if column is None else f"{self.subject} {column}"


def suites_of(domain: Domain, rules: QualityRules) -> Iterator[Suite]:
    """Every suite: of each event type of the catalogue, with what agencies wrote for it, and of each public view."""
    for kind in domain.types.values():
        own = (one for one in rules.expectations if one.type == kind.type)
        expectations = (*_required(kind), *_values(kind), *(_written(one) for one in own))
        if expectations:
            yield Suite(kind.type, _frame(kind, domain.time_zone), expectations)
    yield from view_suites()


def judge_suite(connection: duckdb.DuckDBPyConnection, suite: Suite) -> list[Outcome]:
    """What became of the expectations of a suite, in their order. Raises DataError where one cannot be judged."""
    frame = connection.execute(suite.frame).df()
    if frame.empty:
        return [Outcome(one.name, True, 0, 0, ()) for one in suite.expectations]
    return judge(frame, suite.expectations)


@cache
def view_suites() -> tuple[Suite, ...]:
    """The suites of views.yaml. Raises DomainProblemsError where it does not hold together."""
    problems = Problems()
    entry = read_entry(Path(str(files(__package__) / "views.yaml")), problems)
    suites = []
    for view in entry.map:
        expectations = []
        for given in entry.entries(view):
            arguments = {
                name: plain(value) for name, value in given.map.items() if name not in ("check", "dimension", "expect")
            }
            expectations.append(
                Expectation(given.text("check"), given.choice("dimension", DIMENSIONS), given.text("expect"), arguments)
            )
        suites.append(Suite(view, f'from "{view}"', tuple(expectations)))
    problems.raise_any()
    return tuple(suites)


def _required(kind: EventType) -> Iterator[Expectation]:
    for name, field in kind.fields.items():
        if field.required and name not in ENVELOPE:
            yield Expectation(REQUIRED, "completeness", "expect_column_values_to_not_be_null", {"column": name})


def _values(kind: EventType) -> Iterator[Expectation]:
    for name, field in kind.fields.items():
        if field.values and field.type == "enum":
            allowed: dict[str, Any] = {"column": name, "value_set": list(field.values)}
            yield Expectation(VALUES, "validity", "expect_column_values_to_be_in_set", allowed)


def _written(one: AgencyExpectation) -> Expectation:
    mostly = {"mostly": 1 - one.at_most} if one.at_most else {}
    arguments = dict(one.arguments)
    if one.expect == _PAIR:
        # what is known to the day is at fault only where all of that day is
        for column, surely in (("column_A", "latest_at"), ("column_B", "earliest_at")):
            if arguments.get(column) == "occurred_at":
                arguments[column] = surely
    return Expectation(one.check, one.dimension, one.expect, {**arguments, **mostly})


def _frame(kind: EventType, zone: str) -> str:
    """Rows: the events of the present version of a type; columns: its fields by their names, as text, and between which
    times (UTC) each happened."""
    columns = [
        f'{SHARED[name]}::varchar as "{name}"' if name in SHARED else f"""data->>'$."{name}"' as "{name}\""""
        for name in kind.fields
        if name not in ENVELOPE
    ]
    columns = ["source", "agency", "unit", "occurred_at", "occurred_precision", "recorded_at", *columns]
    begins = f"(occurred_at at time zone '{zone}') at time zone 'UTC'"
    many = "coalesce(try_cast(split_part(occurred_precision, ' ', 1) as integer), 1)"
    after = f"occurred_at + if(occurred_precision like '%month%', to_months({many}), to_days({many}))"
    ends = f"(({after}) at time zone '{zone}') at time zone 'UTC' - interval 1 microsecond"
    is_instant = "occurred_precision = 'instant'"
    columns += [
        f"if({is_instant}, occurred_at, {begins}) as earliest_at",
        f"if({is_instant}, occurred_at, {ends}) as latest_at",
    ]
    return (
        f"select {', '.join(columns)} from dated_events "
        f"where type = '{kind.type}' and version = {kind.version} and standing = 'stands'"
    )
