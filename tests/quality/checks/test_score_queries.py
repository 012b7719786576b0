"""The SQL of scores and service levels: given these rows, these rows. The cases stand in `scores_sql/NAME.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from proofs import EVERYWHERE, Proof, difference, forgotten, give, proofs

from throughline.sinks.store import Store, open_memory_store
from throughline.sql import sql

CHECKS = "throughline.quality.checks"
QUERIES = proofs(Path(__file__).parent / "scores_sql")
# what `scores` and `service_levels` make of the rules, and what the views make of a steward's acts
GIVEN = (
    "create temp table check_subjects (check_name varchar, of varchar)",
    "create temp table dimensions (dimension varchar, place integer)",
    "create temp table agreed_levels (level varchar, source varchar, agreed double, is_least boolean)",
    "create temp table quality_results as from quality_results limit 0",
)


@pytest.fixture(scope="module")
def made() -> Iterator[Store]:
    with open_memory_store() as store:
        yield store


@pytest.fixture
def store(made: Store) -> Iterator[Store]:
    """A store that no domain filled, and that forgets what a test put into it."""
    with forgotten(made):
        yield made


@pytest.mark.parametrize("proof", QUERIES, ids=str)
def test_a_query_of_scores_gives_what_it_says(store: Store, proof: Proof) -> None:
    given = EVERYWHERE | dict(proof.given)
    attributed = given.pop("attributed", None)
    for statement in GIVEN:
        store.connection.execute(statement)
    give(store.connection, given)
    store.connection.execute("set variable as_of = ?::timestamp", [proof.as_of])
    store.connection.execute("set variable recorded_days = ?::integer", [proof.settings.get("recorded_days")])
    store.connection.execute(sql(CHECKS, "scores_sql/attributed"))
    if attributed:
        give(store.connection, {"attributed": attributed})

    made_by = "from attributed" if proof.name == "attributed" else sql(CHECKS, f"scores_sql/{proof.name}")
    assert difference(store.connection, made_by, proof.expected) is None


def test_every_query_of_scores_has_a_proof() -> None:
    named = {file.name.removesuffix(".sql") for file in (files(CHECKS) / "scores_sql").iterdir()}

    assert {one.name for one in QUERIES if one.expected} == named
