"""What is compared in the live benchmark: each reads the same topics from the beginning to the end, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.instruments.process import MeasuredProcess, Usage, usage_of, wait_until
from bench.live.input import Input, committed, make_topic
from bench.peers.environments import kafka_streams_classpath, quix_python
from throughline.broker.java import find_java
from throughline.broker.ports import free_ports

_MOST_SECONDS = 3600.0
# a store of many events is settled in minutes, and says nothing meanwhile
_STUCK_SECONDS = 300.0
KAFKA_STREAMS_HEAP = "4g"


@dataclass(frozen=True)
class Run:
    """How one of them did: seconds from its first record to its last, what its processes used in all their life."""

    name: str
    events: int
    seconds: float
    usage: Usage
    broker_cpu: float = 0.0
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.events / self.seconds


@dataclass(frozen=True)
class Place:
    """The input, the broker's process, a folder for what the processes write, and what groups and topics end in."""

    input: Input
    broker_pid: int
    folder: Path
    catalogue: Path
    mark: str = ""

    def broker(self) -> Usage:
        return usage_of(self.broker_pid)


def bare_loop(place: Place, client: str) -> Run:
    """Consume and decode alone."""
    before = place.broker()
    ends = json.dumps([[topic, number, end] for (topic, number), end in place.input.ends.items()])
    arguments = ["--bootstrap", place.input.bootstrap, "--prefix", place.input.prefix, "--ends", ends]
    run = subprocess.run(
        [sys.executable, "-m", "bench.live.bare_loop", client, *arguments],
        stdout=subprocess.PIPE,
        check=True,
        timeout=_MOST_SECONDS,
    )
    said = json.loads(run.stdout)
    usage = Usage(said["cpu_seconds"], said["peak_bytes"])
    name = {"aiokafka": "aiokafka, decode", "confluent": "confluent-kafka, decode, check"}[client]
    return Run(name, said["events"], said["seconds"], usage, (place.broker() - before).cpu_seconds)


def throughline_worker(place: Place, name: str, folder: Path, *, reduced: bool = False) -> Run:
    """`throughline worker` on a fresh folder, until all records are committed and all cases derived."""
    given, before = place.input, place.broker()
    port = free_ports(1)[0]
    command = [
        *(sys.executable, "-m", "bench.live.reduced_worker" if reduced else "throughline", "worker"),
        *("--bootstrap", given.bootstrap, "--topic-prefix", given.prefix, "--group", folder.name + place.mark),
        *("--folder", str(folder), "--health-port", str(port), "--no-publish", "--json-logs"),
    ]
    folder.mkdir(parents=True)
    quiet = {"PYTHONWARNINGS": "ignore"}
    with MeasuredProcess(command, folder.with_suffix(".log"), environment=quiet) as worker:
        last = wait_until(lambda: taken(port), given.events, [worker], stuck=_STUCK_SECONDS)
        usage, broker = worker.usage(), place.broker() - before
        worker.stop()
        first = _first_opened(worker.log)
    return Run(name, given.events, last - first, usage, broker.cpu_seconds)


def taken(port: int) -> float:
    """Records that a worker has committed, whatever became of them."""
    return metric(port, "throughline_records_total") + metric(port, "throughline_quarantined_total")


def metric(port: int, name: str) -> float:
    """The sum of a worker's metric over its labels; 0 where it is not there or nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (URLError, ConnectionError, TimeoutError, HTTPException):
        return 0.0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def quix_streams(place: Place, processes: int) -> Run:
    """Quix Streams, as so many processes of one group (each of them runs one thread of Python)."""
    given = place.input
    group = f"{given.prefix}quix-{processes}{place.mark}"
    script = Path(__file__).parents[1] / "peers" / "quix_join.py"
    commands, reports = [], []
    for number in range(processes):
        folder = place.folder / f"{group}-{number}"
        reports.append(Path(f"{folder}.json"))  # not with_suffix: the group has a point in it
        commands.append(
            [
                *(str(quix_python()), str(script), "--bootstrap", given.bootstrap, "--group", group),
                *("--topics", ",".join(given.names), "--output", f"{group}-handoffs"),
                *("--catalogue", str(place.catalogue), "--state", str(folder), "--report", str(reports[-1])),
            ]
        )
    name = f"Quix Streams, {processes} process{'es' if processes > 1 else ''}"
    return _peer(place, name, group, commands, reports, f"{group}-handoffs")


def kafka_streams(place: Place) -> Run:
    """Kafka Streams, with two threads in one process."""
    given = place.input
    group, report = f"{given.prefix}kafka-streams{place.mark}", place.folder / "kafka-streams.json"
    command = [
        *(str(find_java()), f"-Xmx{KAFKA_STREAMS_HEAP}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
        *("-cp", kafka_streams_classpath(), "peer.Main", given.bootstrap, group, ",".join(given.names)),
        *(f"{group}-handoffs", str(place.catalogue), str(place.folder / "kafka-streams"), str(report)),
    ]
    return _peer(place, "Kafka Streams, 2 threads", group, [command], [report], f"{group}-handoffs")


def _peer(
    place: Place, name: str, group: str, commands: Sequence[list[str]], reports: Sequence[Path], output: str
) -> Run:
    """Run a peer until it has taken all records, and has committed that; what it said beside."""
    given = place.input
    make_topic(given.bootstrap, output, given.topics.partitions)
    before = place.broker()
    with ExitStack() as stack:
        running = [
            stack.enter_context(MeasuredProcess(command, Path(f"{report}.log")))
            for command, report in zip(commands, reports, strict=True)
        ]
        wait_until(
            lambda: sum(_report(report)["records"] for report in reports), given.events, running, stuck=_STUCK_SECONDS
        )
        # its last records are in its state: now that they are also in its changelog, its output and its group
        wait_until(lambda: _committed_records(given, group), given.events, running, stuck=_STUCK_SECONDS, every=0.5)
        usage = reduce(Usage.__add__, (process.usage() for process in running))
        broker = place.broker() - before
        for process in running:
            process.stop()
    said = [report for report in map(_report, reports) if report["records"]]
    holders: Counter[str] = Counter()
    for one in said:
        holders.update(one["holders"])
    beside = {what: sum(one[what] for one in said) for what in ("duplicates", "merges", "emitted")}
    seconds = max(one["last"] for one in said) - min(one["first"] for one in said)
    return Run(name, given.events, seconds, usage, broker.cpu_seconds, {**beside, "holders": holders, "output": output})


def _report(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"records": 0}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _committed_records(given: Input, group: str) -> int:
    at = committed(given.bootstrap, group)
    return sum(min(at.get(partition, 0), end) for partition, end in given.ends.items())


def _first_opened(log: Path) -> float:
    """When the first store was opened, which is when the first fetch can come."""
    for line in log.read_text(encoding="utf-8").splitlines():
        if '"partition_opened"' in line:
            said = json.loads(line[line.index("{") :])
            return datetime.fromisoformat(said["timestamp"]).timestamp()
    raise RuntimeError(f"no store was opened; see {log}")


def pause(seconds: float = 3.0) -> None:
    """Let the broker and the disk finish what the last one left."""
    os.sync()
    time.sleep(seconds)
