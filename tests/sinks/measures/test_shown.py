"""A figure as it may be shown: what is hidden in it, what would give that away, and what still says nothing of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from measured import MEASURES, counted

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.disclosure.register import Register
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.headline import headline
from throughline.sinks.measures.shown import Audience

AS_OF = datetime.fromisoformat("2026-06-30T12:00")


@pytest.fixture
def readers(tmp_path: Path) -> Audience:
    """People who do not work on the cases; nothing was shown to them before."""
    return Audience(load_domain(), Register(tmp_path / "cases.duckdb.shown"))


def promised(**outcomes: int) -> pa.Table:
    """Promises of as many cases for each outcome."""
    return counted(*({"outcome": outcome} for outcome, cases in outcomes.items() for _ in range(cases)))


def shown(readers: Audience, rows: pa.Table) -> list[dict[str, Any]]:
    figure = answer(MEASURES["promises"], rows)
    found: list[dict[str, Any]] = readers.may_see(MEASURES["promises"], figure, (), {}, AS_OF).to_pylist()
    return found


def test_without_small_numbers_nothing_is_hidden(readers: Audience) -> None:
    rows = shown(readers, promised(kept=20, late=30))
    assert [(row["outcome"], row["cases"], row["counted"], row["share"]) for row in rows] == [
        (None, 50, 50, None),
        ("kept", 20, 20, 0.4),
        ("late", 30, 30, 0.6),
    ]


def test_a_small_number_takes_with_it_what_it_follows_from(readers: Audience) -> None:
    """3 of 53 are broken. Their count would follow from the other counts, and from the other shares."""
    rows = {row["outcome"]: row for row in shown(readers, promised(kept=20, late=30, broken=3))}
    assert rows["broken"]["suppressed"] == "small"
    assert all(row["counted"] is None and row["share"] is None for row in rows.values())
    assert {row["cases"] for row in rows.values() if row["suppressed"]} == {None}


def test_an_outcome_that_shares_are_not_of_leaves_them_standing(readers: Audience) -> None:
    """In 3 of 30 cases a promise is not due yet: of those that are, 40 % were kept, with or without them."""
    cases = {"kept": 20, "late": 30, "open": 3}
    rows_given = [{"case_id": f"c{n}", "outcome": outcome} for outcome, most in cases.items() for n in range(most)]
    figure = answer(MEASURES["promises"], counted(*rows_given))
    made = readers.may_see(MEASURES["promises"], figure, (), {}, AS_OF)
    rows = {row["outcome"]: row for row in made.to_pylist()}
    assert (rows["open"]["suppressed"], rows["open"]["cases"]) == ("small", None)
    assert (rows["kept"]["share"], rows["late"]["share"]) == (0.4, 0.6)
    assert all(row["counted"] is None for row in rows.values())
    assert headline(MEASURES["promises"], made).is_hidden == any(
        rows[one]["suppressed"] for one in (None, "kept", "late")
    )


def test_the_one_number_is_hidden_with_an_outcome_that_it_is_of(readers: Audience) -> None:
    figure = answer(MEASURES["promises"], promised(kept=20, late=3))
    assert headline(MEASURES["promises"], readers.may_see(MEASURES["promises"], figure, (), {}, AS_OF)).is_hidden


def test_who_works_on_the_cases_sees_everything() -> None:
    rows = shown(Audience(load_domain()), promised(kept=20, broken=3))
    assert [(row["cases"], row["suppressed"]) for row in rows] == [(23, None), (3, None), (20, None)]
