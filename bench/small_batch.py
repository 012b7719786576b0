"""How the time of one small batch grows with what is stored: `python -m bench.small_batch --upto 20`.

A batch has 200 events: the whole of some new cases, and one new event for each of as many old cases, drawn at random
over all that are stored. It is accepted, linked and derived in one transaction (`streams.join.join`).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import throughline.streams.join.replay
from bench.generate.population import SEED, cases_for, generate
from bench.instruments.stages import cpu_seconds
from bench.instruments.statements import MeasuredConnection, Statements
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.compaction import compact
from throughline.sinks.store import MEMORY_LIMIT, Store, open_store
from throughline.streams.join.batch import join

STEPS = (1_000_000, 5_000_000, 10_000_000, 20_000_000)
BATCH = 200
BATCHES = 20
# new cases of the batches have numbers that no bulk load reaches
_NEW_CASES = 50_000_000


def measure(store: Store, batches: list[pa.Table], domain: Domain) -> tuple[list[float], Statements]:
    """Seconds of each batch, after one that warms up, and what the statements took in all of them."""
    statements = Statements()
    plain = store.connection
    seconds = []
    store.connection = MeasuredConnection(plain, statements)  # type: ignore[assignment]
    for place, batch in enumerate(batches):
        if place == 1:
            statements.clear()
        began, before = time.perf_counter(), cpu_seconds()
        admitted = admit(batch, domain.rules)
        statements.add("admit", time.perf_counter() - began, cpu_seconds() - before, 1)
        assert isinstance(admitted, Batch)
        assert admitted.rejects.num_rows == 0
        join(store, admitted, datetime.now(UTC).replace(tzinfo=None))
        if place:
            seconds.append(time.perf_counter() - began)
    store.connection = plain
    return seconds, statements


def small_batches(folder: Path, stored_cases: int, count: int, seed: int, first_case: int) -> list[pa.Table]:
    """`count` tables of EVENTS: half are events of new cases from `first_case` on, half each of a random old case."""
    half = BATCH // 2
    fresh = generate(folder, half * count, seed=seed, first_case=first_case, name="fresh")
    chance = random.Random(f"{seed} {stored_cases}")
    with duckdb.connect(":memory:") as connection:
        # by case, so that a batch has whole cases but for its first and last
        new = connection.execute(
            f"select * from '{fresh}' order by split_part(id, '-', 1), occurred_at"
        ).to_arrow_table()
    tables = []
    for batch in range(count):
        old = [_contact(chance.randrange(stored_cases), first_case + batch * half + n) for n in range(half)]
        tables.append(
            pa.concat_tables([new.slice(batch * half, half).cast(EVENTS), pa.Table.from_pylist(old, schema=EVENTS)])
        )
    fresh.unlink()
    return tables


def _contact(case: int, number: int) -> dict[str, object]:
    """A row of EVENTS: a contact with the victim of an old case, numbered `number`."""
    area = "20" if case % 2 == 0 else "21"
    return {
        "source": f"urn:throughline:police:{area}:rms",
        "id": f"n{number}",
        "type": "police.victim.contact_made",
        "version": 1,
        "area": area,
        "agency": "police",
        "unit": f"{area}PP",
        "occurred_at": datetime(2026, 2, 1) + timedelta(seconds=number % 1_000_000),  # noqa: DTZ001 — columns hold UTC
        "occurred_precision": "instant",
        "identifiers": [{"kind": "crime_ref", "value": f"{area}/{case}/26"}],
        "channel": "telephone",
        "data": '{"direction":"outbound","purpose":"update"}',
        "origin": "small batch",
        "position": number,
    }


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def lines(found: dict[int, tuple[list[float], Statements]], count: int) -> list[str]:
    """Tables for people: the batches by events stored, and the dearest statements, in milliseconds a batch."""
    made = [f"{'stored':>12}{'median ms':>12}{'p95 ms':>10}{'growth':>9}"]
    first = statistics.median(next(iter(found.values()))[0])
    for stored, (seconds, _) in found.items():
        middle = statistics.median(seconds)
        made.append(f"{stored:>12,}{middle * 1e3:>12.0f}{quantile(seconds, 0.95) * 1e3:>10.0f}{middle / first:>8.2f}x")
    each = {stored: len(seconds) for stored, (seconds, _) in found.items()}
    last = found[max(found)][1].costs
    made.append("ms a batch" + "".join(f"{stored / 1e6:>9g} M" for stored in found) + "   growth  statement")
    for name in sorted(last, key=lambda name: -last[name].seconds)[:count]:
        costs = [of.costs[name].seconds * 1e3 / each[stored] for stored, (_, of) in found.items()]
        growth = f"{costs[-1] / costs[0]:>8.1f}x" if costs[0] else f"{'-':>9}"
        made.append(" " * 10 + "".join(f"{cost:>11.2f}" for cost in costs) + f"{growth}  {name}")
    return made


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--upto", type=float, default=20, help="millions of stored events at which to stop")
    options.add_argument("--steps", type=int, nargs="+", default=STEPS, help="numbers of stored events, ascending")
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for the files and the store; a temporary one otherwise")
    options.add_argument("--memory-limit", default=MEMORY_LIMIT, help="of DuckDB, for example 2GB")
    options.add_argument("--threads", type=int)
    options.add_argument("--unsorted", action="store_true", help="leave the store as the bulk load made it")
    options.add_argument("--statements", type=int, default=15, help="how many of them the table shows")
    given = options.parse_args()
    settings = {} if given.threads is None else {"threads": given.threads}
    domain = load_domain(None)
    found: dict[int, tuple[list[float], Statements]] = {}
    stored = cases = 0
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        with open_store(
            folder / "store.duckdb", write=True, memory_limit=given.memory_limit, settings=settings
        ) as store:
            for place, step in enumerate(step for step in given.steps if step <= given.upto * 1e6):
                began = time.perf_counter()
                path = generate(folder, step - stored, seed=given.seed, first_case=cases)
                rows = pq.read_metadata(path).num_rows
                throughline.streams.join.replay.replay(store, domain, [path])
                path.unlink()
                if not given.unsorted:
                    began = time.perf_counter()
                    compact(store)
                    print(f"sorted in {time.perf_counter() - began:.0f} s", flush=True)
                print(f"{rows} events loaded in {time.perf_counter() - began:.0f} s", flush=True)
                cases += cases_for(step - stored)
                stored = step
                batches = small_batches(folder, cases, BATCHES + 1, given.seed, _NEW_CASES + place * BATCH * BATCHES)
                found[step] = measure(store, batches, domain)
    print(*lines(found, given.statements), sep="\n")


if __name__ == "__main__":
    main()
