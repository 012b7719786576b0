"""Every measure: given these rows, these shares. Cases stand in `measures/` and, of what they share, in `observed/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from joined import small_domain
from proofs import EVERYWHERE, Proof, difference, forgotten, give, proofs

from throughline.quality.checks.check import all_checks, observe
from throughline.schemas.definitions.quality import QualityRules
from throughline.sinks.store import Store, open_memory_store
from throughline.sql import sql

CHECKS = "throughline.quality.checks"
HERE = Path(__file__).parent
MEASURES = proofs(HERE / "measures")
SHARED = proofs(HERE / "observed")
RULES = QualityRules((), (), {})
COLUMNS = ("subject", "period", "n", "k", "value")
# what `observe` makes of a domain's rules, and what the macros read: given as rows
OF_RULES = ("step_orders", "happens_once", "case_beginnings", "office_agencies", "numbers_most", "agreed_fields")
COUNTED = "create temp table counted (subject varchar, period date, n bigint, k bigint)"
DATED = "create temp table dated (subject varchar, occurred_at timestamp, is_at_fault boolean)"
HEARD = "create temp table heard (subject varchar, written_at timestamp)"


@pytest.fixture(scope="module")
def made() -> Iterator[Store]:
    with open_memory_store() as store:
        yield store


@pytest.fixture
def store(made: Store) -> Iterator[Store]:
    """A store that no domain filled, and that forgets what a test put into it."""
    with forgotten(made):
        yield made


def observed(store: Store, proof: Proof) -> None:
    """What the rows given make of `observed` and what is beside it."""
    given = EVERYWHERE | dict(proof.given)
    of_rules = {name: given.pop(name) for name in OF_RULES if name in given}
    temporary = {name: given.pop(name) for name in ("counted", "dated", "heard") if name in given}
    give(store.connection, given)
    observe(store.connection, small_domain(), RULES, proof.as_of)
    for statement in (COUNTED, DATED, HEARD):
        store.connection.execute(statement)
    give(store.connection, of_rules | temporary)


@pytest.mark.parametrize("proof", MEASURES, ids=str)
def test_a_measure_counts_what_it_says(store: Store, proof: Proof) -> None:
    observed(store, proof)
    expected = [dict.fromkeys(COLUMNS) | row for row in proof.expected]

    # as checks read it: what has no value is no result
    measure = f"from ({sql(CHECKS, f'measures/{proof.name}')}) where value is not null"
    assert difference(store.connection, measure, expected) is None


@pytest.mark.parametrize("proof", SHARED, ids=str)
def test_what_measures_share_is_made_as_it_says(store: Store, proof: Proof) -> None:
    observed(store, proof)

    assert difference(store.connection, proof.settings.get("query", f"from {proof.name}"), proof.expected) is None


def test_every_measure_has_a_proof_that_finds_something() -> None:
    """At least one case with a row at fault (or a value that is not nothing), and one in which nothing is at fault."""
    named = {file.name.removesuffix(".sql") for file in (files(CHECKS) / "measures").iterdir()} - {"observed"}
    at_fault = {one.name for one in MEASURES for row in one.expected if row["value"]}
    clean = {one.name for one in MEASURES if not one.expected or not all(row["value"] for row in one.expected)}

    assert named == {one.name for one in all_checks()} == at_fault == clean


def test_everything_that_measures_share_has_a_proof() -> None:
    made = re.findall(r"create or replace temp (?:table|view|macro) (\w+)", sql(CHECKS, "measures/observed"))

    assert {one.name for one in SHARED} == set(made)
