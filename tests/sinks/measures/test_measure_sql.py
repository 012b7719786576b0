"""Every measure: given these rows of tables or views, these rows. The cases stand in `NAME.yaml` beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest
from proofs import EVERYWHERE, Proof, difference, give, proofs

from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, load_domain
from throughline.sinks.measures.measure import Measure, load_measures
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store

PROOFS = proofs(Path(__file__).parent)
MEASURES: dict[str, Measure] = {}
for folder in sorted(path.parent for path in DEFAULT_DOMAIN.parent.glob("*/domain.yaml")):
    MEASURES |= load_measures(load_domain(folder))


@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_a_measure_counts_what_it_says(empty_store: Store, proof: Proof) -> None:
    given = EVERYWHERE | dict(proof.given)
    # a view that the measure reads may be given instead of all that it is made of: a table of its name hides it
    for name in given.keys() & public_schema().views.keys():
        empty_store.connection.execute(f"create temp table {name} as from {name} limit 0")
    give(empty_store.connection, given)
    empty_store.connection.execute("set variable as_of = ?::timestamp", [proof.as_of])

    assert difference(empty_store.connection, MEASURES[proof.name].sql, proof.expected) is None


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda one: one.name)
def test_every_column_of_a_measure_has_a_proof(empty_store: Store, measure: Measure) -> None:
    """And every outcome that its entry lists is one that some case expects."""
    columns = {
        row[0] for row in empty_store.connection.execute(f"select column_name from (describe {measure.sql})").fetchall()
    }
    expected = [row for one in PROOFS if one.name == measure.name for row in one.expected]

    assert {name for row in expected for name in row} == columns
    assert {one.value for one in measure.outcomes} <= {row["outcome"] for row in expected if "outcome" in row}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda one: one.name)
def test_a_measure_has_the_columns_of_its_kind(empty_store: Store, measure: Measure) -> None:
    """And each cut that its entry names."""
    numbers = {
        "outcomes": {"outcome": "VARCHAR"},
        "durations": {"seconds": "DOUBLE", "ended": "BOOLEAN"},
        "times": {"outcome": "VARCHAR", "least": "DOUBLE", "most": "DOUBLE"},
    }[measure.kind]
    every = {"case_id": "VARCHAR", "counted_at": "TIMESTAMP", "agency": "VARCHAR", "unit": "VARCHAR"}

    made = dict(
        empty_store.connection.execute(f"select column_name, column_type from (describe {measure.sql})").fetchall()
    )

    assert (every | numbers | dict.fromkeys(measure.cuts, "VARCHAR")).items() <= made.items()
