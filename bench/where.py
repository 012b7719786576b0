"""Where the CPU seconds go: `python -m bench.where --events N`, for a replay, a small batch and a worker's stores.

For each, the dearest steps. A step is a statement, by its model or step file, or work outside DuckDB. Nothing overlaps
here (a replay does not read ahead, a store's records are decoded in the same thread), so that a CPU second has one
owner. CPU seconds of two runs differ by what else the machine does: compare shares, or steps of one run.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import throughline.streams.join.replay
import throughline.streams.worker.partition
from bench.generate.population import SEED, cases_for, generate
from bench.instruments.encoded import Encoded, encoded_records, read_encoded
from bench.instruments.stages import cpu_seconds
from bench.instruments.statements import MeasuredConnection, Statements
from bench.replay import measured_replay
from bench.small_batch import measure, small_batches
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.store import MEMORY_LIMIT, open_store
from throughline.streams.join.rebuild import open_domain
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.partition import open_partition
from throughline.streams.worker.records import read_case_records

EVENTS = 1_000_000
BATCHES = 20
# records that a worker takes at once, where the log has more for it
_AT_ONCE = 20_000
# new cases of the small batches have numbers that no replay reaches
_NEW_CASES = 50_000_000


def where_replayed(path: Path, store_path: Path, memory_limit: str) -> Statements:
    """The steps of a replay of `path` into a new store at `store_path`."""
    with mock.patch.object(throughline.streams.join.replay, "_ahead", lambda batches, _: batches):
        stages, statements, _ = measured_replay(path, store_path, memory_limit=memory_limit)
    read = stages.by_name["read, admit"]
    statements.add("read, admit", read.seconds, read.cpu_seconds, 1)
    return statements


def where_batched(store_path: Path, folder: Path, cases: int, seed: int, memory_limit: str) -> Statements:
    """The steps of small batches into the store at `store_path`, of which `cases` cases are drawn."""
    batches = small_batches(folder, cases, BATCHES + 1, seed, _NEW_CASES)
    domain = load_domain(None)
    with open_store(store_path, write=True, memory_limit=memory_limit) as store:
        open_domain(store, domain)
        _, statements = measure(store, batches, domain)
    return statements


def where_live(records: Path, folder: Path, memory_limit: str) -> tuple[Statements, int]:
    """The steps of a worker's stores that are given all encoded records, without the wire; and how many there were."""
    domain, statements, taken = load_domain(None), Statements(), 0
    topics, schemas = load_topics(domain), SchemaStore(domain)
    encoded: list[Encoded] = [record for some in read_encoded(records) for record in some]
    with ExitStack() as stack:
        stack.enter_context(_measured_reading(statements))
        by_number: defaultdict[int, list[Encoded]] = defaultdict(list)
        for record in encoded:
            by_number[topics.partition_of(record[1].decode())].append(record)
        for number, of_number in by_number.items():
            partition = open_partition(folder, number, domain, topics, schemas, memory_limit=memory_limit)
            stack.callback(partition.close)
            partition.begin(dict.fromkeys({record[0] for record in of_number}, "bench"))
            plain = partition.store.connection
            partition.store.connection = MeasuredConnection(plain, statements)  # type: ignore[assignment]
            taken += len(of_number)
            left = len(of_number)
            for fetches in _fetches(of_number, number):
                left -= sum(map(len, fetches))
                partition.take(fetches, behind=left)
            partition.store.connection = plain
    return statements, taken


def _fetches(records: list[Encoded], number: int) -> Iterator[list[Fetch]]:
    """The records as a worker has them, some thousand at a time: a fetch for each topic."""
    offsets: defaultdict[str, int] = defaultdict(int)
    waiting = iter(records)
    while some := list(islice(waiting, _AT_ONCE)):
        by_topic: defaultdict[str, list[Encoded]] = defaultdict(list)
        for record in some:
            by_topic[record[0]].append(record)
        fetches = []
        for topic, of_topic in by_topic.items():
            first = offsets[topic]
            offsets[topic] += len(of_topic)
            places = list(range(first, offsets[topic]))
            values: list[bytes | None] = [record[2] for record in of_topic]
            fetches.append(
                Fetch(topic, number, places, [1_780_000_000_000] * len(places), values, [r[3] for r in of_topic])
            )
        yield fetches


@contextmanager
def _measured_reading(statements: Statements) -> Iterator[None]:
    """Count the decoding and judging of fetches among the steps."""

    def read(*given: Any) -> Any:
        before = cpu_seconds()
        try:
            return read_case_records(*given)
        finally:
            statements.add("decode, judge", 0.0, cpu_seconds() - before, 1)

    with mock.patch.object(throughline.streams.worker.partition, "read_case_records", read):
        yield


def lines(title: str, statements: Statements, count: int, *, times: int, unit: str, scale: float) -> list[str]:
    """A table for people: the dearest steps of a run in CPU, each divided by `times`, in `unit`, and their shares."""
    whole = sum(cost.cpu_seconds for cost in statements.costs.values())
    made = [f"{title}: {whole / times * scale:.1f} {unit} in {len(statements.costs)} steps"]
    dearest = sorted(statements.costs.items(), key=lambda item: -item[1].cpu_seconds)
    for name, cost in dearest[:count]:
        made.append(f"{cost.cpu_seconds / times * scale:>10.2f}{cost.cpu_seconds / max(whole, 1e-9):>8.1%}  {name}")
    rest = sum(cost.cpu_seconds for _, cost in dearest[count:])
    made.append(f"{rest / times * scale:>10.2f}{rest / max(whole, 1e-9):>8.1%}  all others")
    return made


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=EVENTS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for the files and the stores; a temporary one otherwise")
    options.add_argument("--memory-limit", default=MEMORY_LIMIT, help="of DuckDB, for example 2GB")
    options.add_argument("--steps", type=int, default=10, help="how many of them each table shows")
    options.add_argument("--only", choices=["replay", "live"], help="replay: with its small batches")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        if given.only != "live":
            path, store_path = generate(folder, given.events, seed=given.seed), folder / "store.duckdb"
            replayed = where_replayed(path, store_path, given.memory_limit)
            shown = {"times": given.events, "unit": "CPU µs an event", "scale": 1e6}
            print(*lines("replay", replayed, given.steps, **shown), sep="\n", flush=True)
            batched = where_batched(store_path, folder, cases_for(given.events), given.seed, given.memory_limit)
            shown = {"times": BATCHES, "unit": "CPU ms a batch", "scale": 1e3}
            print(*lines("small batch of 200 events", batched, given.steps, **shown), sep="\n", flush=True)
        if given.only != "replay":
            records = encoded_records(folder / "records", given.events, given.seed)
            live, taken = where_live(records, folder / "live", given.memory_limit)
            shown = {"times": taken, "unit": "CPU µs an event", "scale": 1e6}
            print(*lines("live, without the wire", live, given.steps, **shown), sep="\n", flush=True)
            shutil.rmtree(folder / "live")


if __name__ == "__main__":
    main()
