"""A worker that commits small batches to a store until it is killed: `python -m bench.board.writer STORE`."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.generate.population import SEED
from bench.small_batch import small_batches
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import open_store
from throughline.sql import one_row
from throughline.streams.join.batch import join

_EVERY = 1.0
_BATCHES = 600
# new cases have numbers that no load of a benchmark reaches
_NEW_CASES = 70_000_000


def main() -> None:
    domain = load_domain(None)
    with tempfile.TemporaryDirectory() as made, open_store(Path(sys.argv[1]), write=True) as store:
        (cases,) = one_row(store.connection, "select count(*) from case_facts")
        for batch in small_batches(Path(made), cases, _BATCHES, SEED, _NEW_CASES):
            admitted = admit(batch, domain.rules)
            assert isinstance(admitted, Batch)
            join(store, admitted, datetime.now(UTC).replace(tzinfo=None))
            print("committed", flush=True)
            time.sleep(_EVERY)


if __name__ == "__main__":
    main()
