"""One judgement for every way in: the same record, drawn at random, has one verdict however it comes.

A record that is good gives one row, whatever the way; one that is not is refused for one reason, which names one field.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tiny_domain import write

from throughline.quality.stewardship.rejudging import Judges, judge_again
from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sinks.quarantine.kept import KeptRecord
from throughline.sources.formats.registry import read_events
from throughline.streams.log.fetch import Fetch, Headers
from throughline.streams.worker.records import read_case_records

RECEIVED = datetime(2026, 3, 2)  # noqa: DTZ001 — as the store keeps times: UTC
TOPIC = "all.case-events"
TOPICS = """\
partitions: 1
case_events: [{topic: all.case-events, agencies: any}]
shared:
  decision_timeline: {topic: shared.decision-timeline}
  handoffs: {topic: shared.handoffs}
  alerts: {topic: shared.alerts}
  quarantine: {topic: shared.quarantine}
"""
SOURCES = (
    "role: police}\n  - {id: cps, name: Prosecutors, role: prosecutor}",
    "role: police, sources: 'urn:t:police'}\n  - {id: cps, name: Prosecutors, role: prosecutor, sources: 'urn:t:cps'}",
)
SENT = {
    "specversion": '"1.0"', "id": '"e1"', "source": '"urn:t:police"', "type": '"test.tiny.police.file.sent.v2"',
    "time": '"2026-03-02T10:15:00Z"', "recordedtime": '"2026-03-02T11:00:00.5+01:00"', "sequence": '"1"',
    "partitionkey": '"20"', "datacontenttype": '"application/json"',
}  # fmt: skip
SENT_DATA = {
    "agency": '"police"', "unit": '"20PP"', "identifiers": '{"urn": "1234", "crime_ref": ["20/1", "20/2"]}',
    "reference": '"R1"', "colour": '"red"', "seen_on": '"2026-03-02"', "items": "2", "joint": "true",
    "due_at": '"2026-03-09T17:00:00Z"',
}  # fmt: skip
DECIDED = SENT | {"type": '"test.tiny.cps.file.decided.v1"', "source": '"urn:t:cps"'}
DECIDED_DATA = {"identifiers": '{"urn": "1234"}', "decision": '"accept"', "reasons": '["b", "a", "b"]'}
TIMES = [
    *("2026-03-14T24:00:00Z", "2026-03-14T23:59:60Z", "2026-03-14T10:15:00", "2026-03-14 10:15:00Z", "2026-02-30"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1900-01-01T00:00:00Z"),
    *("1899-12-31T23:59:59.999999Z", "2100-01-01T00:00:00Z", "2026-03-14t10:15:00z", "2026-03-14T10:15:00.123456789Z"),
    *("2026-03-14T10:15:00+24:00", "2026-03", "2026-03-14", "2026-13", "1700-01-01", "20260314T101500Z", "now"),
    *("2026-03-14T10:15:00-00:00", "２026-03-14T10:15:00Z", "2026-03-14T10:15:00.Z", "2026-03-14T10Z"),
]
# JSON as it may be written, good or not
ODD = [
    *(
        "null",
        "true",
        "false",
        "0",
        "-0",
        "7",
        "1.5",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "123456789" * 9,
        "2147483648",
    ),
    *(
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "1E2",
        '""',
        '"x"',
        '"a\\u0000b"',
    ),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"é\u2028\u202e"', '"\ufeff"', "[]", '["a"]', '["a", null]', "[[]]", "{}"),
    *('{"a": {"b": [1]}}', '{"urn": "1234"}', '{"urn": ["1234", 5]}', '{"urn": "UNKNOWN"}', '{"passport": "1"}'),
    *('["a; b", "c"]', '[""]', '"' + "x" * 5000 + '"', "[" * 1100 + "]" * 1100, "[" + '"1234", ' * 1001 + '"1234"]'),
    *('"police"', '"cps"', '"navy"', '"urn:t:cps"', '"99"', '"0.3"', '"test.tiny.police.dog.walked.v1"'),
    *('"test.tiny.police.file.sent.v9"', '"police.file.sent"', '"application/avro"', '"Application/JSON; a=b"'),
    *("'x'", "x", '"\\x"', '"a\tb"'),
]
value = st.one_of(
    st.sampled_from(TIMES).map(lambda text: orjson.dumps(text).decode()),
    st.sampled_from(ODD),
    st.text(max_size=8).map(lambda text: orjson.dumps(text.encode("utf-8", "replace").decode()).decode()),
    st.integers(-(2**70), 2**70).map(str),
)
name = st.sampled_from(
    [*SENT, *DECIDED_DATA, "data", "occurredon", "contenthash", "subject", "causationid", "extra", "My_own", "ä"]
)


@dataclass(frozen=True)
class Said:
    """An event as its publisher writes it: the JSON text of each attribute and of each field of `data` (None: no
    `data`), and whether the data is sent as base64."""

    attributes: dict[str, str]
    data: dict[str, str] | None
    is_base64: bool = False

    @property
    def data_text(self) -> str | None:
        return None if self.data is None else written(self.data, ", ")

    def text(self, between: str = ", ") -> bytes:
        parts = dict(self.attributes)
        if self.data is not None and self.is_base64:
            parts["data_base64"] = f'"{base64.b64encode((self.data_text or "").encode()).decode()}"'
        elif self.data is not None:
            parts["data"] = written(self.data, between)
        return written(parts, between).encode()


def written(parts: dict[str, str], between: str) -> str:
    """A JSON object; with a line break in `between`, one over several lines."""
    start = between.lstrip(",")
    end = start[:1] if start.startswith("\n") else ""
    inner = between.join(f"{orjson.dumps(key).decode()}: {text}" for key, text in parts.items())
    return f"{{{start}{inner}{end}}}" if parts else "{}"


@st.composite
def events(draw: st.DrawFn) -> Said:
    """A good event, or one that is wrong in some of its fields."""
    attributes, data = draw(st.sampled_from([(SENT, SENT_DATA), (DECIDED, DECIDED_DATA)]))
    attributes, fields = dict(attributes), dict(data)
    for key in draw(st.lists(name, max_size=2)):
        of = fields if key in data else attributes
        if key == "data":
            attributes["data"] = draw(value)
        elif draw(st.booleans()):
            of[key] = draw(value)
        else:
            of.pop(key, None)
    if draw(st.integers(0, 9)) == 0:
        attributes.pop("time", None)
        attributes["occurredon"] = orjson.dumps(draw(st.sampled_from(TIMES))).decode()
    return Said(attributes, None if "data" in attributes else fields, draw(st.booleans()))


@dataclass(frozen=True)
class Here:
    """What reads, and a folder for files."""

    domain: Domain
    topics: Topics
    schemas: SchemaStore
    folder: Path

    def file(self, content: bytes, name: str = "events.json") -> Batch:
        path = self.folder / name
        path.write_bytes(content)
        return whole(read_events(path, self.domain))

    def topic(self, headers: Headers, content: bytes | None) -> Batch:
        fetch = Fetch(TOPIC, 0, [7], [1_772_000_000_000], [content], [headers])
        batch = read_case_records(fetch, self.domain, self.schemas, self.topics).batch
        return Batch(*(table.drop_columns(["received_at"]) for table in (batch.events, batch.rejects)))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    folder = write(tmp_path_factory.mktemp("tiny"), domain=SOURCES)
    (folder / "topics.yaml").write_text(TOPICS)
    domain = load_domain(folder)
    return Here(domain, load_topics(domain), SchemaStore(domain), tmp_path_factory.mktemp("read"))


def whole(batches: Iterator[Batch]) -> Batch:
    found = list(batches)
    return Batch(pa.concat_tables(one.events for one in found), pa.concat_tables(one.rejects for one in found))


def by_standard_input(said: Said, here: Here) -> Batch:
    with patch.object(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(said.text())))):
        return whole(read_events(Path("-"), here.domain))


def by_binary_mode(said: Said, here: Here) -> Batch | None:
    """None where headers cannot say it: an attribute that is no text, data of another type than JSON."""
    try:
        attributes = {key: orjson.loads(text) for key, text in said.attributes.items() if key != "data"}
    except orjson.JSONDecodeError:
        return None
    stated = [one for one in attributes.values() if one is not None]
    media = attributes.get("datacontenttype")
    is_json = media is None or "json" in str(media).lower()
    if not all(isinstance(one, str) for one in stated) or not is_json or not all(key.isascii() for key in attributes):
        return None
    data = said.attributes.get("data", said.data_text)
    headers = [(f"ce_{key}", one.encode()) for key, one in attributes.items() if one and key != "datacontenttype"]
    if not any(one == "" for one in stated):
        return here.topic((*headers, ("Content-Type", (media or "application/json").encode())), (data or "").encode())
    return None


def by_topic(content_type: bytes, around: Callable[[bytes], bytes]) -> Callable[[Said, Here], Batch]:
    return lambda said, here: here.topic((("content-type", content_type),), around(said.text()))


WAYS: dict[str, Callable[[Said, Here], Batch | None]] = {
    "standard input": by_standard_input,
    "an array on a line": lambda said, here: here.file(b"[" + said.text() + b"]"),
    "documents over many lines": lambda said, here: here.file(said.text(",\n  ") + b"\n"),
    "an array over many lines": lambda said, here: here.file(b"[\n" + said.text(",\n    ") + b"\n]\n"),
    "binary mode": by_binary_mode,
    "structured mode": by_topic(b"Application/CloudEvents+JSON; charset=UTF-8", lambda text: text),
    "a batch": by_topic(b"application/cloudevents-batch+json", lambda text: b"[" + text + b"]"),
}


def verdict(batch: Batch) -> tuple[str, Any]:
    """The one row that was accepted, or the reason and field."""
    assert batch.events.num_rows + batch.rejects.num_rows == 1
    if batch.events.num_rows:
        (row,) = batch.events.drop_columns(["origin", "position"]).to_pylist()
        return "accepted", row
    (reject,) = batch.rejects.to_pylist()
    # of a record that is no JSON, whether all of it or its data is not
    return reject["reason"], None if reject["reason"] in {"not_json", "not_utf8"} else reject["field"]


def again(batch: Batch, here: Here) -> tuple[str, Any] | None:
    """The verdict on the bytes that quarantine keeps of a reject; None where they do not say what they are: those of a
    topic that are no JSON object, or may have changed on their way."""
    (reject,) = batch.rejects.to_pylist()
    kept = KeptRecord(
        reject["origin"], reject["position"], reject["raw"], RECEIVED, (1,), (reject["reason"],),
        reject["source"], reject["id"],
    )  # fmt: skip
    found, _, unread = judge_again([kept], Judges(here.domain))
    unsaid = {"not_json", "not_utf8", "not_an_object", "content_hash_mismatch"}
    if reject["origin"] == f"{TOPIC}-0" and reject["reason"] in unsaid:
        return None
    assert [why.what for _, why in unread] == []
    return verdict(found)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=events())
@example(said=Said(SENT, SENT_DATA))
@example(said=Said(SENT, SENT_DATA, is_base64=True))
@example(said=Said(SENT | {"source": '"urn:t:cps"'}, SENT_DATA))
@example(said=Said(SENT | {"time": '"2026-03-14T24:00:00Z"'}, SENT_DATA))
def test_a_record_has_one_verdict_by_every_way_in(here: Here, said: Said) -> None:
    by_line = here.file(said.text() + b"\n", "events.jsonl")
    expected = verdict(by_line)
    for way, read in WAYS.items():
        batch = read(said, here)
        if batch is None:
            continue
        assert verdict(batch) == expected, way
        # a topic keeps the value without its headers
        if expected[0] != "accepted" and way != "binary mode":
            named = batch.rejects.select(["source", "id", "type"]).to_pylist()
            assert named == by_line.rejects.select(["source", "id", "type"]).to_pylist(), way
            assert again(batch, here) in (expected, None), way
    if expected[0] == "accepted":
        for way, accepted in as_rows(by_line.events, here):
            assert verdict(accepted) == expected, way


def as_rows(events: pa.Table, here: Here) -> Iterator[tuple[str, Batch]]:
    """What was accepted comes in again as a table, as a file of one, and as Avro and JSON on a topic."""
    yield "a table", admit(events, here.domain.rules)
    pq.write_table(events.select(EVENTS.names), here.folder / "events.parquet")
    yield "a file of a table", whole(read_events(here.folder / "events.parquet", here.domain))
    for row in plain_rows(events):
        for structured in (False, True):
            made = record_of(row, here.schemas, here.topics, type_prefix="test.tiny", structured=structured)
            yield "a record of ours", here.topic(made.headers, made.value)
