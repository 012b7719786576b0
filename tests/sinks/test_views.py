"""Every public view: given these rows of the tables, these rows. The cases stand in `views/NAME.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest
from proofs import EVERYWHERE, Proof, difference, give, proofs

from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store

VIEWS = proofs(Path(__file__).parent / "views")


@pytest.mark.parametrize("proof", VIEWS, ids=str)
def test_a_view_shows_what_it_says(empty_store: Store, proof: Proof) -> None:
    given = EVERYWHERE | dict(proof.given)
    # a view that another reads may be given instead of all that it is made of: a table of its name hides it
    for name in given.keys() & public_schema().views.keys():
        empty_store.connection.execute(f"create temp table {name} as from {name} limit 0")
    give(empty_store.connection, given)
    empty_store.connection.execute("set variable as_of = ?::timestamp", [proof.as_of])

    assert difference(empty_store.connection, f"from {proof.name}", proof.expected) is None


@pytest.mark.parametrize("view", public_schema().views)
def test_every_column_of_a_view_has_a_proof(empty_store: Store, view: str) -> None:
    """In some case it is null or nothing is expected, in some it is not."""
    columns = {
        row[0] for row in empty_store.connection.execute(f"select column_name from (describe {view})").fetchall()
    }

    assert {name for one in VIEWS if one.name == view for row in one.expected for name in row} == columns
