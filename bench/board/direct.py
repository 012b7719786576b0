"""The SQL of a page asked of DuckDB without the board: what its CPU seconds are held against."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import duckdb

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.board.frame.settings import PAGE_LIMITS
from throughline.sinks.board.reading.one_case import show_case
from throughline.sinks.board.reading.present import Present
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import load_measures
from throughline.sql import sql

_OF_A_CASE = (
    "case",
    "events",
    "holdings",
    "handoffs",
    "contacts",
    "clocks",
    "contradictions",
    "tellings",
    "taken_back",
)
_LIST_BEHIND = """
select case_id, from_agency, sent_at, limbo_seconds
from handoffs
order by limbo_seconds desc nulls last, case_id
limit 25
"""
_LIST = "select case_id, state, holder_since from cases order by state = 'closed', holder_since limit 25"


@dataclass(frozen=True)
class Asked:
    """A page: `path`, and the SQL behind it: of `measures`, of the case `case`, that of the list behind the figure
    `listed` (the rows of its measure, and the first of them), or that of the list of cases.

    `others` are pages like it: of what is kept nowhere, another is as good as one counted to another time.
    """

    name: str
    path: str
    measures: tuple[str, ...] = ()
    case: str = ""
    listed: str = ""
    others: tuple[str, ...] = ()


def pages(cases: Sequence[str]) -> list[Asked]:
    """What is asked, the first page first."""
    six = ("waiting", "between_agencies", "sent_back", "decisions_told", "promises", "standards_kept")
    return [
        Asked("first page", "/overview", six),
        Asked("a topic", "/promises", ("decisions_told", "promises")),
        Asked("a figure", "/figures/between_agencies?by=agency", ("between_agencies",)),
        Asked("another cut", "/figures/between_agencies", ("between_agencies",), others=_other_cuts(six)),
        Asked("list of cases", "/cases"),
        Asked("list behind", "/figures/between_agencies/cases", listed="between_agencies"),
        Asked("a case", f"/cases/{cases[0]}", case=cases[0], others=tuple(f"/cases/{case}" for case in cases)),
    ]


def _other_cuts(measures: Sequence[str]) -> tuple[str, ...]:
    """Figures of the same time by two cuts each, none of them twice."""
    cuts = ("agency", "unit", "month", "area", "offence_group", "risk", "route", "enhanced_rights")
    return tuple(
        f"/figures/{name}?by={first}&then_by={second}" for first, second in permutations(cuts, 2) for name in measures
    )


def cpu_seconds(present: Present, asked: Sequence[Asked], rounds: int) -> dict[str, float]:
    """CPU seconds of the SQL of each page, the least of so many rounds, each counted to another time."""
    domain = load_domain(None)
    found: dict[str, float] = {}
    for one in asked:
        spent = []
        for place in range(rounds):
            with present.state().cursor() as cursor:
                cursor.execute(f"set variable as_of = '2026-01-01'::timestamp + interval {place} second")
                began = time.process_time()
                _ask(cursor, domain, one)
                spent.append(time.process_time() - began)
        if spent:
            found[one.name] = min(spent)
    return found


def longest_cases(present: Present) -> list[str]:
    """Cases that have many events."""
    with present.state().cursor() as cursor:
        rows = cursor.execute("select case_id from cases order by events desc, case_id limit 200").fetchall()
    assert rows, "the store has no case"
    return [str(case) for (case,) in rows]


def opened(store: Path) -> Present:
    return Present([store], PAGE_LIMITS)


def _ask(cursor: duckdb.DuckDBPyConnection, domain: Domain, one: Asked) -> None:
    known = load_measures(domain) if one.measures else {}
    for name in one.measures:
        as_of = cursor.execute("select getvariable('as_of')").fetchone()
        facts(cursor, known[name], [facet.name for facet in domain.facets], None if as_of is None else as_of[0])
    if one.listed:
        cursor.execute(_LIST_BEHIND).fetchall()
    elif one.case:
        as_of = cursor.execute("select getvariable('as_of')").fetchone()
        show_case(cursor, int(one.case[1:], 16), None if as_of is None else as_of[0])
        for name in _OF_A_CASE:
            cursor.execute(sql("throughline.sinks.board.case", f"sql/{name}"), {"case_id": one.case}).fetchall()
    elif not one.measures:
        cursor.execute(_LIST).fetchall()
