"""Hostile batches on a real topic, and a worker that reads them: `python -m bench.hostile.topic --records 100000`.

Batches go to a broker of their own as bytes, by PRODUCE: headers missing, repeated, 20,000 of them or not UTF-8; signs
of life; keys; tombstones; bombs of each codec; damaged bytes under a sound checksum; transactions that are aborted. The
worker must live, in bounded memory; each offset must be an event, a copy, in quarantine, a sign of life, or of a
transaction or an unreadable batch that says so; a restart takes nothing again; a store that is rebuilt is the same.
Ends non-zero, and says with which seed, where one of these fails.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import cramjam
from aiokafka.codec import gzip_encode, lz4_encode
from confluent_kafka import Producer

from bench.hostile.batches import CODECS, Header, batch, produce, record
from bench.hostile.records import Good, json_bytes
from bench.hostile.values import RAW_JSON, damaged, hostile_value
from bench.instruments.process import MeasuredProcess
from throughline.broker.local_broker import LocalBroker
from throughline.broker.ports import free_ports
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.kafka_record import HEARTBEAT_TYPE, record_of
from throughline.sinks.digest import digest
from throughline.sinks.store import open_store
from throughline.streams.log.broker_topics import create_topics
from throughline.streams.log.event_log import CaseLog
from throughline.streams.worker.partition import partition_file

RECORDS = 100_000
SEED = 7
PEAK_LIMIT = 3 * 2**30
AREA = "20"
_STUCK_SECONDS = 300.0
_MIB = 1024 * 1024
_BEAT_NUMBERS = (*RAW_JSON, b"7", b"-1", b"9223372036854775807", b"9223372036854775808", b"1e400", b'"7"')
_STANDING = """
select position from events where origin = $1 and standing = 'stands'
union all select position from duplicates where origin = $1
"""


@dataclass
class Sent:
    """What was sent: kinds of batches, records, those that nobody is to read (aborted ones, and the markers that end
    transactions), and batches that the broker refused.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    records: int = 0
    withdrawn: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Maker:
    """Makes batches, kind by kind, of good events and damage."""

    def __init__(self, seed: int, topics: Topics) -> None:
        self.chance = random.Random(seed)
        self.good = Good(load_domain(None))
        self._topics = topics
        self._police = [row for row in self.good.rows if row["agency"] == "police"]

    def batch(self) -> tuple[str, bytes, int]:
        """The name of its kind, its bytes, and how many records it has."""
        kind = self.chance.choices(
            ("events", "headers", "beats", "keys", "bomb", "damaged", "large", "order"), (50, 12, 12, 10, 3, 8, 1, 4)
        )[0]
        if kind == "bomb":
            return kind, self._bomb(), 1
        count = self.chance.choice((1, 2, 20, 200))
        codec = self.chance.choice(CODECS)
        records = [self._record(kind, number) for number in range(count)]
        if kind == "large":
            records = [
                record(number, bytes(3 * _MIB)) if number % 3 == 1 else one for number, one in enumerate(records)
            ]
            codec = "zstd"
        if kind == "order":
            self.chance.shuffle(records)
            codec = "none"
        if kind == "damaged":
            return kind, batch([damaged(b"".join(records), self.chance)], codec, count=count), count
        return kind, batch(records, codec), count

    def _record(self, kind: str, number: int) -> bytes:
        chance = self.chance
        if kind == "beats":
            return record(number, self._beat(), self._beat_headers())
        if kind == "keys":
            key = chance.choice((None, b"", b"\xff\xfe", b"k" * 10_000, AREA.encode()))
            return record(number, chance.choice((None, b"", b"{}", b"\x00" * 1_000)), (), key=key)
        value, headers = self.event()
        if kind == "headers":
            headers = self._other_headers(headers)
        elif chance.random() < 0.3:
            value = damaged(value, chance)
        return record(number, value, headers, elapsed=chance.choice((0, 1, -1, 2**40)))

    def event(self) -> tuple[bytes, list[Header]]:
        """Value and headers of a good one."""
        row = self.good.row(self.chance)
        structured = self.chance.random() < 0.4
        made = record_of(
            row, self.good.store, self._topics, type_prefix=self.good.domain.type_prefix, structured=structured
        )
        return made.value, [(name.encode(), text) for name, text in made.headers]

    def _other_headers(self, headers: list[Header]) -> list[Header]:
        chance, what = self.chance, self.chance.randrange(8)
        if what == 0:
            return [one for one in headers if chance.random() < 0.7]
        if what == 1:
            return [*headers, *headers]
        if what == 2:
            return [*headers, (b"\xff\xfe", b"x")]
        if what == 3:
            return [(name, damaged(text or b"", chance)) for name, text in headers]
        if what == 4 and chance.random() < 0.05:
            return [*((b"h%d" % n, b"x") for n in range(20_000)), *headers]
        if what == 5:
            return [(name.upper(), text) for name, text in headers]
        if what == 6:
            return [(name, None) for name, _ in headers]
        return [*headers, (b"", None), (b"x" * 1_000, b"\x00")]

    def _beat(self) -> bytes | None:
        chance = self.chance
        said = {"sequence": b"7", "waiting": b"2", "every_seconds": b"60"}
        if chance.random() < 0.8:
            said[chance.choice(list(said))] = chance.choice(_BEAT_NUMBERS)
        if chance.random() < 0.1:
            return chance.choice((None, b"", b"[]", json_bytes(hostile_value(chance))))
        return b"{%s}" % b",".join(b'"%s":%s' % (name.encode(), text) for name, text in said.items())

    def _beat_headers(self) -> list[Header]:
        chance = self.chance
        headers: list[Header] = [
            (b"ce_type", HEARTBEAT_TYPE.encode()),
            (b"ce_source", b"urn:throughline:bench:%d" % chance.randrange(50)),
            (b"ce_time", b"2026-02-25T10:%02d:00Z" % chance.randrange(60)),
            (b"ce_partitionkey", AREA.encode()),
        ]
        if chance.random() < 0.3:
            place = chance.randrange(1, 4)
            name = headers[place][0]
            headers[place] = name, chance.choice((None, b"", b"\xff", b"\x00", b"9999-12-31T23:59:59Z", b"x" * 9_000))
        return headers

    def _bomb(self) -> bytes:
        codec = self.chance.choice(("zstd", "gzip", "lz4"))
        return _bomb(codec, self.chance.choice((40, 200 if codec == "zstd" else 90)))


@cache
def _bomb(codec: str, mebibytes: int) -> bytes:
    """A batch of one record that is so large."""
    large = record(0, bytes(mebibytes * _MIB))
    pack = {"zstd": cramjam.zstd.compress, "gzip": lambda data: gzip_encode(data, 6), "lz4": lz4_encode}[codec]
    return batch([b""], codec, packed=bytes(pack(large)))


def send(bootstrap: str, topic: str, number: int, maker: Maker, wanted: int) -> Sent:
    """Send batches until so many records were; one in fifty is a transaction, and half of those are aborted."""
    sent = Sent()
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "hostile"})
    producer.init_transactions(60)
    bombs = 0
    while sent.records < wanted:
        if maker.chance.random() < 0.02:
            kind, count = _transaction(producer, topic, number, maker)
            sent.kinds[kind] += 1
            sent.records += count
            sent.withdrawn += 1 + (count if kind == "aborted" else 0)
            continue
        kind, one, count = maker.batch()
        bombs += kind == "bomb"
        if kind == "bomb" and bombs > 40:
            continue
        if len(one) > _MIB:
            continue
        code = produce(bootstrap, topic, number, one)
        if code:
            sent.refused[f"{kind} by {code}"] += 1
            continue
        sent.kinds[kind] += 1
        sent.records += count
    return sent


def _transaction(producer: Producer, topic: str, number: int, maker: Maker) -> tuple[str, int]:
    """How it ended, and how many records it had."""
    producer.begin_transaction()
    count = maker.chance.randrange(1, 6)
    for _ in range(count):
        value, headers = maker.event()
        producer.produce(
            topic, value, AREA.encode(), partition=number, headers=[(name.decode(), text) for name, text in headers]
        )
    if maker.chance.random() < 0.5:
        producer.commit_transaction(60)
        return "committed", count
    producer.flush(60)
    producer.abort_transaction(60)
    return "aborted", count


class Lane:
    """The partition that is written to, and a worker's store of it."""

    def __init__(self, bootstrap: str, prefix: str, topics: Topics, folder: Path) -> None:
        self.bootstrap, self.prefix, self.folder = bootstrap, prefix, folder
        self.topic, self.number = topics.of_agency("police"), topics.partition_of(AREA)
        self.store = partition_file(folder / "live", self.number)

    def run_worker(self, end: int) -> tuple[float, int, float]:
        """A worker until it has come to `end`: records that it took, the peak of its memory in bytes, its seconds."""
        port, began = free_ports(1)[0], time.monotonic()
        command = (
            *(sys.executable, "-m", "throughline", "worker", "--bootstrap", self.bootstrap, "--no-publish"),
            *("--folder", str(self.folder / "live"), "--topic-prefix", self.prefix, "--health-port", str(port)),
            *("--memory-limit", "1GB", "--instance", "only"),
        )
        with MeasuredProcess(command, self.folder / f"worker-{port}.log") as worker:
            progress, at = time.monotonic(), -1.0
            while (reached := _metric(port, "throughline_next_offset", self.topic)) < end:
                worker.check()
                if reached != at:
                    progress, at = time.monotonic(), reached
                if time.monotonic() - progress > _STUCK_SECONDS:
                    raise SystemExit(f"the worker stands at offset {reached:.0f} of {end}\n{worker.said()[-4000:]}")
                time.sleep(0.2)
            taken = _metric(port, "throughline_records_total") + _metric(port, "throughline_quarantined_total")
            peak = worker.usage().peak_bytes
            seconds = time.monotonic() - began
            worker.stop()
        return taken, peak, seconds

    def remove_store(self) -> None:
        for file in self.store.parent.glob(f"{self.store.name}*"):
            file.unlink()

    def state(self) -> tuple[str, list[tuple[Any, ...]]]:
        """The digest, and what stands in quarantine."""
        with open_store(self.store, write=False) as store:
            rows = store.connection.execute("select position, reason, detail from quarantined order by all").fetchall()
            return digest(store.connection), rows

    def faults(self, end: int, withdrawn: int) -> tuple[list[str], Counter[str]]:
        """What is not accounted for, and what became of the offsets."""
        origin = f"{self.topic}-{self.number}"
        with open_store(self.store, write=False) as store:
            standing = Counter(place for (place,) in store.connection.execute(_STANDING, [origin]).fetchall())
            rows = store.connection.execute("select position, reason, raw from quarantined").fetchall()
            beats = store.connection.execute("select count(*) from heartbeats").fetchall()
        refused = {position: reason for position, reason, _ in rows}
        # the same bad record again is the same row
        contents = {raw for _, _, raw in rows}
        faults, found, reached = [], Counter[str](), 0
        with CaseLog(self.bootstrap) as log:
            for fetch in log.read(self.topic, self.number, 0, end):
                reached = fetch.next_offset
                for passed in fetch.passed:
                    if passed.fault is None:
                        continue
                    found["unreadable"] += passed.end - passed.first
                    if passed.first not in refused and passed.raw not in contents:
                        faults.append(f"the batch at {passed.first} stands nowhere")
                for offset, value, headers in zip(fetch.offsets, fetch.values, fetch.headers, strict=True):
                    if standing[offset]:
                        found["event or copy"] += 1
                        if standing[offset] > 1 or offset in refused:
                            faults.append(f"the record at {offset} stands more than once")
                    elif offset in refused or value in contents:
                        found["quarantine"] += 1
                    elif dict(headers).get("ce_type") == HEARTBEAT_TYPE.encode() and beats != [(0,)]:
                        found["sign of life"] += 1
                    else:
                        faults.append(f"the record at {offset} stands nowhere")
        found["of transactions"] = end - found.total()
        if found["of transactions"] != withdrawn:
            faults.append(f"{found['of transactions']} offsets gave nothing, and {withdrawn} were to")
        if reached != end:
            faults.append(f"the log was read to {reached} of {end}")
        return faults, found


def _metric(port: int, name: str, topic: str | None = None) -> float:
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (URLError, ConnectionError, TimeoutError):
        return 0.0
    wanted = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rsplit(" ", 1)[1]) for line in wanted if topic is None or f'"{topic}"' in line)


def run_trial(bootstrap: str, folder: Path, records: int, seed: int) -> list[str]:
    """Send, read, read again, rebuild; what went wrong, in words. Prints what became of the records."""
    prefix = f"h{struct.pack('>I', int(time.time())).hex()}."
    topics = load_topics(load_domain(None), prefix=prefix, replication=1)
    create_topics(bootstrap, topics)
    lane = Lane(bootstrap, prefix, topics, folder)
    sent = send(bootstrap, lane.topic, lane.number, Maker(seed, topics), records)
    with CaseLog(bootstrap) as log:
        end = log.extent(lane.topic, lane.number).end
    print(f"{sent.records:,} records to offset {end:,}: {dict(sent.kinds)}; the broker refused {dict(sent.refused)}")
    taken, peak, seconds = lane.run_worker(end)
    print(f"live: {taken:,.0f} taken in {seconds:.0f} s, start included, peak of {peak / _MIB:,.0f} MiB")
    faults, found = lane.faults(end, sent.withdrawn)
    print(json.dumps(found))
    live = lane.state()
    again, _, _ = lane.run_worker(end)
    if again or lane.state() != live:
        faults.append(f"a restart took {again:.0f} records again, or changed the store")
    lane.remove_store()
    taken, other_peak, seconds = lane.run_worker(end)
    print(f"rebuilt: {taken:,.0f} taken in {seconds:.0f} s, start included, peak of {other_peak / _MIB:,.0f} MiB")
    if lane.state() != live:
        faults.append("the store that was rebuilt from the log is another")
    if max(peak, other_peak) > PEAK_LIMIT:
        faults.append(f"the worker took {max(peak, other_peak) / _MIB:,.0f} MiB")
    return faults


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=RECORDS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--bootstrap", help="a broker that is there; its topics stay")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.bootstrap:
            faults = run_trial(given.bootstrap, Path(folder), given.records, given.seed)
        else:
            with LocalBroker(Path(folder) / "broker") as broker:
                faults = run_trial(broker.bootstrap, Path(folder), given.records, given.seed)
    print(f"seed {given.seed}: {len(faults)} faults", *faults[:20], sep="\n")
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
