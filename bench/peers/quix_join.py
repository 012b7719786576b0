"""The join in Quix Streams, as one process of its consumer group; run by the benchmark in an environment of its own."""

from __future__ import annotations

import argparse
import functools
import json
import threading
import time
from pathlib import Path
from typing import Any

from case_join import CaseJoin, Decoder  # beside this file
from quixstreams import Application
from quixstreams.models.serializers import Deserializer


class AvroEvent(Deserializer):
    """The Avro value of a record to the event that the join needs."""

    def __init__(self, decode: Decoder) -> None:
        super().__init__()
        self._decode = decode

    def __call__(self, value: bytes, ctx: Any) -> dict[str, Any]:
        return self._decode(value)


class Report:
    """How far this process is, written to a file five times a second."""

    def __init__(self, path: Path, join: CaseJoin) -> None:
        self.path, self.join = path, join
        self.records, self.first, self.last = 0, 0.0, 0.0

    def note(self) -> None:
        self.last = time.time()
        self.first = self.first or self.last
        self.records += 1

    def run(self) -> None:
        while True:
            self.write()
            time.sleep(0.2)

    def write(self) -> None:
        join = self.join
        said = {
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "duplicates": join.duplicates,
            "merges": join.merges,
            "emitted": join.emitted,
            "holders": {name: count for name, count in list(join.holders.items()) if count},
        }
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(said), encoding="utf-8")
        new.rename(self.path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bootstrap", required=True)
    options.add_argument("--group", required=True)
    options.add_argument("--topics", required=True, help="with commas")
    options.add_argument("--output", required=True, help="the topic of handoffs")
    options.add_argument("--catalogue", type=Path, required=True)
    options.add_argument("--state", required=True)
    options.add_argument("--report", type=Path, required=True)
    given = options.parse_args()
    decode = Decoder(given.catalogue)
    join = CaseJoin(decode.links)
    report = Report(given.report, join)

    def take(event: dict[str, Any], state: Any) -> list[dict[str, Any]]:
        changed = join(event, state)
        report.note()
        return changed

    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.state,
        auto_create_topics=True,
        consumer_extra_config={"queued.min.messages": 200_000, "fetch.message.max.bytes": 8_388_608},
        producer_extra_config={"linger.ms": 100, "compression.type": "zstd"},
        loglevel="WARNING",
    )
    value = AvroEvent(decode)
    frames = [
        app.dataframe(app.topic(name, key_deserializer="bytes", value_deserializer=value))
        for name in given.topics.split(",")
    ]
    events = functools.reduce(lambda one, other: one.concat(other), frames)
    handoffs = events.apply(take, stateful=True, expand=True)
    handoffs.to_topic(
        app.topic(given.output, key_serializer="string", value_serializer="json"), key=lambda one: one["sent_event"]
    )
    threading.Thread(target=report.run, daemon=True).start()
    app.run()
    report.write()


if __name__ == "__main__":
    main()
