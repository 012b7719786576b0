"""The SQL of scores and service levels: given these rows, these rows. The cases stand in `scores_sql/NAME.yaml`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from proofs import EVERYWHERE, Proof, difference, give, proofs

from throughline.sinks.store import Store
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


@pytest.mark.parametrize("proof", QUERIES, ids=str)
def test_a_query_of_scores_gives_what_it_says(empty_store: Store, proof: Proof) -> None:
    given = EVERYWHERE | dict(proof.given)
    attributed = given.pop("attributed", None)
    for statement in GIVEN:
        empty_store.connection.execute(statement)
    give(empty_store.connection, given)
    empty_store.connection.execute("set variable as_of = ?::timestamp", [proof.as_of])
    empty_store.connection.execute("set variable recorded_days = ?::integer", [proof.settings.get("recorded_days")])
    empty_store.connection.execute(sql(CHECKS, "scores_sql/attributed"))
    if attributed:
        give(empty_store.connection, {"attributed": attributed})

    made_by = "from attributed" if proof.name == "attributed" else sql(CHECKS, f"scores_sql/{proof.name}")
    assert difference(empty_store.connection, made_by, proof.expected) is None


def test_every_query_of_scores_has_a_proof() -> None:
    named = {file.name.removesuffix(".sql") for file in (files(CHECKS) / "scores_sql").iterdir()}

    assert {one.name for one in QUERIES if one.expected} == named
