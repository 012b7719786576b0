"""From publishing to the shared timeline, at a steady rate and after an outage: `python -m bench.freshness --rate 200`.

An event counts as seen when a message of `shared.decision-timeline` has it among the events of its case: the worker
publishes that only when the case is committed. Its time runs from when it was due to be sent, so that a sender that is
held up hides nothing. Then the worker is stopped while publishing goes on, and started again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.generate.population import SEED
from bench.instruments.encoded import Encoded, encoded_records, read_encoded
from bench.instruments.process import MeasuredProcess, wait_until
from bench.live.contestants import taken
from bench.live.input import benchmark_broker, bulk_producer, make_topics, send_encoded
from throughline.broker.jars import cache_folder
from throughline.broker.ports import free_ports
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.avro.shared import shared_schema

Key = tuple[str, str]
"""Source and id of an event."""

_PREFIX = "fresh."
# what is older than this is waited for, when it is asked whether the worker has caught up
_CAUGHT_UP_SECONDS = 5.0
_STUCK_SECONDS = 300.0


class Watcher:
    """Reads the shared timeline in a thread, and notes when each event that is waited for was first seen there."""

    def __init__(self, bootstrap: str, topics: Topics) -> None:
        self.waiting: dict[Key, float] = {}
        self.seen: list[tuple[float, float]] = []  # when it was due, and seconds until it was seen
        self.is_watching = True
        self._codec = shared_schema("decision_timeline")
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "freshness",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
            }
        )
        timeline = topics.shared["decision_timeline"]
        self._consumer.assign([TopicPartition(timeline.name, number, 0) for number in range(timeline.partitions)])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def oldest(self) -> float:
        """When the event was due that has waited longest; now, if none waits."""
        return min(list(self.waiting.values()), default=time.time())

    def close(self) -> None:
        self.is_watching = False
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        start = len(self._codec.frame)
        while self.is_watching:
            messages = self._consumer.consume(1_000, timeout=0.05)
            now = time.time()
            bodies = [value[start:] for message in messages if message.error() is None and (value := message.value())]
            if not bodies:
                continue
            records, _, _ = self._codec.codec.decode(bodies)
            events = records.column(records.schema.get_field_index("events")).flatten()
            for source, event_id in zip(
                events.field("source").to_pylist(), events.field("event_id").to_pylist(), strict=True
            ):
                due = self.waiting.pop((source, event_id), None)
                if due is not None:
                    self.seen.append((due, now - due))


class Sender:
    """Sends records at a steady rate, each when it is due."""

    def __init__(self, producer: Producer, records: Iterator[Encoded], watcher: Watcher, rate: float) -> None:
        self._producer, self._records, self._watcher = producer, records, watcher
        self._rate = rate
        self._began, self._sent = time.time(), 0

    def send_until(self, until: float, worker: MeasuredProcess | None = None) -> None:
        """Send what is due until then. Raises RuntimeError where the worker has ended, or the records are used up."""
        while (due := self._began + self._sent / self._rate) < until:
            wait = due - time.time()
            if wait > 0:
                self._producer.poll(0)
                time.sleep(wait)
            record = next(self._records, None)
            if record is None:
                raise RuntimeError("there are no more records; this is a fault of the benchmark")
            topic, key, value, headers = record
            named = dict(headers)
            self._watcher.waiting[named["ce_source"].decode(), named["ce_id"].decode()] = due
            self._producer.produce(_PREFIX + topic, value, key, headers=list(headers))
            self._sent += 1
            if worker is not None and self._sent % 100 == 0:
                worker.check()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=200.0, help="events a second")
    options.add_argument("--seconds", type=float, default=600.0, help="of the steady time that is measured")
    options.add_argument("--warm-up", type=float, default=15.0, help="seconds before it that are not")
    options.add_argument("--outage", type=float, default=600.0, help="seconds without a worker; 0 for none")
    options.add_argument("--stored", type=int, default=200_000, help="events that the store has before")
    options.add_argument("--aim", type=float, default=5.0, help="what p99 is to stay under, in seconds")
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for broker and stores; a temporary one otherwise")
    options.add_argument("--kept", type=Path, help="where encoded records stay for the next time; the cache otherwise")
    given = options.parse_args()

    whole = given.warm_up + given.seconds + given.outage + _STUCK_SECONDS * 2
    # as a round number, so that shortened runs can reuse the records
    needed = -(-(given.stored + int(whole * given.rate)) // 100_000) * 100_000
    records = encoded_records(given.kept or cache_folder() / "bench-records", needed, given.seed)
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        made = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder)))
        bootstrap = stack.enter_context(benchmark_broker(made / "broker")).bootstrap
        topics = make_topics(bootstrap, _PREFIX, load_domain(None))
        stream = (record for chunk in read_encoded(records) for record in chunk)
        stored = [next(stream) for _ in range(given.stored)]
        send_encoded(bulk_producer(bootstrap), _PREFIX, [stored])
        worker, port = _worker(stack, bootstrap, made)
        if stored:
            wait_until(lambda: taken(port), len(stored), [worker], stuck=_STUCK_SECONDS, every=0.5)
            print(f"{len(stored):,} events stored before", flush=True)
        del stored
        # the messages of what was stored before are published now; wait until that is over
        watcher = Watcher(bootstrap, topics)
        stack.callback(watcher.close)
        producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5})
        sender = Sender(producer, stream, watcher, given.rate)
        _send_until_fresh(sender, watcher, worker)

        began = time.time() + given.warm_up
        sender.send_until(began + given.seconds, worker)
        _send_until_fresh(sender, watcher, worker)
        steady = [seconds for due, seconds in watcher.seen if began <= due < began + given.seconds]
        p99 = _print(f"steady, {given.rate:g} events/s", steady)
        if given.outage:
            worker.stop()
            stopped = time.time()
            sender.send_until(stopped + given.outage)
            waiting, again = len(watcher.waiting), time.time()
            worker, port = _worker(stack, bootstrap, made)
            _send_until_fresh(sender, watcher, worker)
            caught_up = time.time() - again
            print(
                f"outage of {again - stopped:.0f} s: {waiting:,} events waited; caught up {caught_up:.1f} s after the "
                f"start of the worker, while {given.rate:g} more came each second"
            )
        producer.flush(30)
        wait_until(lambda: -len(watcher.waiting), 0, [worker], stuck=60.0)
        print("every event was seen")
        worker.stop()
    if p99 > given.aim:
        sys.exit(f"p99 is {p99:.2f} s, over the aim of {given.aim:g} s")


def _worker(stack: ExitStack, bootstrap: str, folder: Path) -> tuple[MeasuredProcess, int]:
    """A worker that publishes, and its health port."""
    port = free_ports(1)[0]
    command = [
        *(sys.executable, "-m", "throughline", "worker", "--bootstrap", bootstrap, "--topic-prefix", _PREFIX),
        *("--folder", str(folder / "stores"), "--health-port", str(port), "--json-logs"),
    ]
    quiet = {"PYTHONWARNINGS": "ignore"}
    return stack.enter_context(MeasuredProcess(command, folder / "worker.log", environment=quiet)), port


def _send_until_fresh(sender: Sender, watcher: Watcher, worker: MeasuredProcess) -> None:
    """Go on sending until nothing waits for longer than a moment."""
    oldest, since = 0.0, time.time()
    while True:
        sender.send_until(time.time() + 0.1, worker)
        now, waits = time.time(), watcher.oldest()
        if now - waits < _CAUGHT_UP_SECONDS:
            return
        if waits != oldest:
            oldest, since = waits, now
        elif now - since > _STUCK_SECONDS:
            raise RuntimeError(f"an event has not been seen for {now - waits:.0f} s:\n{worker.said()}")


def _print(name: str, seconds: list[float]) -> float:
    """Say how long events took; the 99th percentile."""
    if not seconds:
        raise RuntimeError("no event was seen")
    p50, p95, p99 = (float(found) for found in np.percentile(seconds, [50, 95, 99]))
    print(
        f"{name}: {len(seconds):,} events, published to shared timeline in p50 {p50:.2f} s, p95 {p95:.2f} s, "
        f"p99 {p99:.2f} s, at most {max(seconds):.2f} s",
        flush=True,
    )
    return p99


if __name__ == "__main__":
    main()
