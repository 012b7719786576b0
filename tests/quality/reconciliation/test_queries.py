"""Every query of reconciliation: given these rows, these lines. The cases stand in `queries/NAME.yaml`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from joined import small_domain
from proofs import EVERYWHERE, Proof, difference, give, proofs

from throughline.quality.checks.check import observe
from throughline.schemas.definitions.quality import QualityRules
from throughline.sinks.store import Store
from throughline.sql import sql

RECONCILIATION = "throughline.quality.reconciliation"
QUERIES = proofs(Path(__file__).parent / "queries")
# what `reconcile` makes of manifests, and of the check of silence, and receipts are asked for
OF_MANIFESTS = {
    "sent": "source varchar, type varchar, day date, events bigint",
    "reach": "source varchar, from_day date, to_day date",
    "silent": "subject varchar",
    "asked": "source varchar",
}


@pytest.mark.parametrize("proof", QUERIES, ids=str)
def test_a_query_finds_what_it_says(empty_store: Store, proof: Proof) -> None:
    for name, columns in OF_MANIFESTS.items():
        empty_store.connection.execute(f"create temp table {name} ({columns})")
    give(empty_store.connection, EVERYWHERE | dict(proof.given))
    assert proof.as_of is not None
    observe(empty_store.connection, small_domain(), QualityRules((), (), {}), proof.as_of)

    query, parameters = sql(RECONCILIATION, proof.name), proof.settings.get("parameters")
    assert difference(empty_store.connection, query, proof.expected, parameters) is None


def test_every_query_has_a_proof() -> None:
    named = {file.name.removesuffix(".sql") for file in files(RECONCILIATION).iterdir() if file.name.endswith(".sql")}

    assert {one.name for one in QUERIES if one.expected} == named
