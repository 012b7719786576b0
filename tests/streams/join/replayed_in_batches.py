"""A process that replays a file of batches into a store, for tests that kill it: `STORE BATCHES.arrow [pause]`.

Joins every fourth batch at once, accepts the others only and settles at the end. After each commit it says how many
records the store has. With `pause` it joins none, and waits before it settles, to be killed there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import accept_only, join, settle
from throughline.streams.join.rebuild import open_domain

SMALL = Path(__file__).resolve().parents[2] / "given" / "domains" / "small"


def say(store: Store, stage: str) -> None:
    row = store.connection.execute("select count(*) from deliveries").fetchone()
    print(stage, row[0] if row else 0, flush=True)


def main(store_path: Path, batches_path: Path, *, is_paused: bool) -> None:
    with pa.ipc.open_file(batches_path) as file:
        received = file.read_all()
    with open_store(store_path, write=True) as store, store.bulk():
        open_domain(store, load_domain(SMALL))
        say(store, "opened")
        times = pc.unique(received["received_at"]).sort().to_pylist()
        for place, received_at in enumerate(times):
            events = received.filter(pc.equal(received["received_at"], pa.scalar(received_at))).select(EVENTS.names)
            batch = Batch(events.cast(EVENTS), REJECTS.empty_table())
            (join if place % 4 == 3 and not is_paused else accept_only)(store, batch, received_at)
            say(store, "batch")
        say(store, "settling")
        if is_paused:
            time.sleep(600)
        settle(store)
        say(store, "settled")
    print("done", 0, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), is_paused=sys.argv[3:] == ["pause"])
