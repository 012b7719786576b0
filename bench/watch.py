"""Kill `source watch` between any two steps: `python -m bench.watch --kills 200`.

While files of events come into a folder (some written bit by bit, some packed, some twice under two names), watches
of it are killed by SIGKILL at the n-th step, n drawn anew each time: before a statement of the outbox, or before a file
of the folder is opened, moved, made or deleted. The client of Kafka refuses, and is away, at random. In the end each
event has to stand once in the outbox, and to have arrived, and each file has to lie in `done` with its report.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson

from bench.poll import PoorClient, forked
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sources.publish import publisher as publishing
from throughline.sources.publish.outbox import Outbox
from throughline.sources.watch.finished import Finished
from throughline.sources.watch.report import ENDING
from throughline.sources.watch.taking import Taking
from throughline.sources.watch.watching import watch

# a file is taken in some forty steps
_STEPS = 120
_EVENTS = 5
_SETTLE_SECONDS = 0.05
_BETWEEN_SECONDS = 0.02
_LOOK_SECONDS = 20.0
_AUDITED = {"open", "os.rename", "os.remove", "os.mkdir"}


@dataclass
class Result:
    """How often a watch was killed, files and events that came, events in the outbox, and what is wrong."""

    kills: int
    files: int
    events: int
    kept: int
    faults: list[str]


def run(kills: int, folder: Path, seed: int = 1) -> Result:
    """Kill watches so often, then watch to the end and compare."""
    chance = random.Random(seed)
    domain = load_domain()
    # compiled once: each watch would take seconds for it
    compiled = SchemaStore(domain)
    cast(Any, publishing).SchemaStore = lambda of: compiled
    (folder / "drop").mkdir()
    writer = forked(partial(_write, folder, random.Random(seed)))
    killed = number = 0
    while killed < kills:
        number += 1
        watching = forked(partial(_watch, domain, folder, chance.randint(1, _STEPS), random.Random(number)))
        killed += os.WTERMSIG(os.waitpid(watching, 0)[1]) == signal.SIGKILL
    (folder / "stop").touch()
    os.waitpid(writer, 0)
    os.waitpid(forked(partial(_watch, domain, folder, None, random.Random(seed))), 0)
    return _compared(killed, folder)


def _write(folder: Path, chance: random.Random) -> None:
    """File after file until told to stop."""
    number = 0
    while not (folder / "stop").exists():
        number += 1
        content = b"".join(_event(number * _EVENTS + place) for place in range(_EVENTS))
        name = f"crimes_{number:05}.jsonl"
        way = chance.choice(("renamed", "slowly", "packed", "twice"))
        path = folder / "drop" / (f"{name}.gz" if way == "packed" else name)
        if way == "slowly":
            with path.open("wb") as file:
                file.write(content[:-1])
                file.flush()
                time.sleep(_BETWEEN_SECONDS)
                file.write(content[-1:])
        else:
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(gzip.compress(content) if way == "packed" else content)
            part.rename(path)
        if way == "twice":
            again = folder / "drop" / f"again_{name}"
            again.with_name(f"{again.name}.part").write_bytes(content)
            again.with_name(f"{again.name}.part").rename(again)
        time.sleep(chance.uniform(0, 0.1))
    (folder / "written").write_text(str(number))


def _event(number: int) -> bytes:
    said = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "urn:throughline:police:20:watched",
        "type": "police.crime.recorded",
        "time": "2026-03-02T10:15:00Z",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number:06}/26"}, "offence_group": "stalking"},
    }
    return orjson.dumps(said) + b"\n"


def _watch(domain: Domain, folder: Path, kill_at: int | None, chance: random.Random) -> None:
    """Watch until killed at a step, or to the end where none is given."""
    count = iter(range(1, 10**9))

    def step(*_: object) -> None:
        if next(count) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    within = str(folder)

    def audited(event: str, given: tuple[Any, ...]) -> None:
        if event in _AUDITED and within in str(given[0]) and "arrived" not in str(given[0]):
            step()

    arrived = (folder / "arrived.jsonl").open("ab", buffering=0)
    is_last = kill_at is None
    cast(dict[str, Any], publishing.CLIENTS)["poor"] = lambda *_, **__: PoorClient(arrived, None if is_last else chance)
    stop = threading.Event()
    if not is_last:
        threading.Timer(_LOOK_SECONDS, stop.set).start()
    with (
        Outbox(folder / "outbox.sqlite") as outbox,
        publishing.Publisher("nowhere:1", load_topics(domain), domain, outbox, client="poor") as publisher,
    ):
        sys.addaudithook(audited)
        outbox.add((), also=lambda file: file.set_trace_callback(step))
        taking = Taking(folder / "drop", [], publisher, domain, folder / "outbox.sqlite.reading", stop=stop.is_set)
        watch(
            Finished(folder / "drop", _SETTLE_SECONDS),
            taking,
            publisher,
            every_seconds=_BETWEEN_SECONDS,
            once=is_last,
            stop=stop,
            taken=lambda report: None,
            note=lambda text: print(text, flush=True),
        )
        if is_last:
            publisher.flush(60.0)


def _compared(kills: int, folder: Path) -> Result:
    done = sorted((folder / "drop" / "done").iterdir())
    files = [one for one in done if not one.name.endswith(ENDING)]
    reports = {one.name.removesuffix(ENDING) for one in done if one.name.endswith(ENDING)}
    last = int((folder / "written").read_text()) + 1
    written = {f"e{number}" for number in range(_EVENTS, last * _EVENTS)}
    with closing(sqlite3.connect(folder / "outbox.sqlite")) as outbox:
        kept = Counter(dict(orjson.loads(text))["ce_id"] for (text,) in outbox.execute("select headers from records"))
        waiting = outbox.execute("select count(*) from records where state <> 1").fetchone()[0]
    arrived = {orjson.loads(line)[0] for line in (folder / "arrived.jsonl").read_bytes().splitlines()}
    left = [one.name for place in (folder / "drop", folder / "drop" / "failed") for one in place.iterdir()]
    left = [name for name in left if name not in ("done", "failed")]
    faults = [f"{waiting} events were not sent"] if waiting else []
    faults += [f"{event} stands {count} times" for event, count in kept.items() if count > 1]
    if written != set(kept) or written != arrived:
        faults.append(f"{len(written)} events came, {len(kept)} are in the outbox, {len(arrived)} arrived")
    faults += [f"{name} was not taken" for name in left]
    faults += [f"{name} has a report alone, or none" for name in reports ^ {one.name for one in files}]
    return Result(kills, len(files), len(written), len(kept), faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughline-watch-") as made:
        began = time.monotonic()
        found = run(given.kills, Path(made), given.seed)
        verdict = "none lost, none twice" if not found.faults else "; ".join(found.faults[:5])
        took = f"{found.kills} kills in {time.monotonic() - began:.0f} s"
        print(f"watch: {took}, {found.files} files, {found.events} events: {verdict}")
    raise SystemExit(bool(found.faults))


if __name__ == "__main__":
    main()
