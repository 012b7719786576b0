"""Rebuild everything derived from N stored events: `python -m bench.rebuild --events N`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.generate.population import SEED, generate
from bench.instruments.stages import Stages
from bench.instruments.statements import MeasuredConnection, Statements
from bench.replay import measured_replay
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.digest import digest
from throughline.sinks.store import MEMORY_LIMIT, open_store
from throughline.streams.join.rebuild import rebuild

EVENTS = 10_000_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=EVENTS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for the file and the store; a temporary one otherwise")
    options.add_argument("--memory-limit", default=MEMORY_LIMIT, help="of DuckDB, for example 2GB")
    options.add_argument("--threads", type=int)
    given = options.parse_args()
    domain = load_domain(None)
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        store_path = folder / "store.duckdb"
        loaded, _, events = measured_replay(
            generate(folder, given.events, seed=given.seed),
            store_path,
            memory_limit=given.memory_limit,
            threads=given.threads,
        )
        print(f"{events} events replayed in {loaded.seconds:.1f} s")
        stages, statements = Stages(), Statements()
        settings = {} if given.threads is None else {"threads": given.threads}
        with open_store(store_path, write=True, memory_limit=given.memory_limit, settings=settings) as store:
            before = digest(store.connection)
            plain = store.connection
            store.connection = MeasuredConnection(plain, statements)  # type: ignore[assignment]
            stages.enter("forget")
            names = {"linking": "link", "deriving": "derive"}
            cases = rebuild(store, domain, lambda stage, part: stages.enter(names[stage]))
            stages.close()
            store.connection = plain
            after = digest(store.connection)
    print(f"{cases} cases rebuilt; the digest is {'the same' if before == after else 'ANOTHER'}")
    print(*stages.lines(events), sep="\n")
    print(*statements.lines(), sep="\n")
    if before != after:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
