"""Hostile records, kind by kind: each a run of records, how they are read, and which positions must come out.

Every run is made of good events (the examples of all types of the domain, each with an id of its own) and damage.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.hostile.values import LONGS, RAW_JSON, TEXTS, TIMES, damaged, hostile_value
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import frame_confluent, frame_single_object
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.event_json import event_object, parse_event
from throughline.sources.formats.registry import read_events
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

MAPPING = Path(__file__).with_name("mapping.yaml")
# the share of records that stay as they were
UNTOUCHED = 0.15


_NUMBERS_OF_A_RUN = 10_000


@dataclass
class Run:
    """Some records of one kind. `read` gives their batches; `lost` names what is wrong with the positions that came
    out (events', then rejects'), or None; `lines` has the records by position, where a slow check can read them."""

    kind: str
    inputs: int
    read: Callable[[], Iterator[Batch]]
    lost: Callable[[list[int]], str | None]
    lines: dict[int, bytes] = field(default_factory=dict)
    # a file that is damaged as a whole may be refused, with a typed error
    may_refuse: bool = False


class Good:
    """Good events to damage: rows of EVENTS as mappings, times in microseconds, identifiers as (kind, value)."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.store = SchemaStore(domain)
        self.rows = [row for number, name in enumerate(sorted(domain.types)) for row in self._row(name, number)]
        self.texts = [orjson.dumps(event_object(row, domain.type_prefix)) for row in self.rows]
        self._next = 0

    def _row(self, name: str, number: int) -> Iterator[dict[str, Any]]:
        event_type = self.domain.types[name]
        data = orjson.loads(orjson.dumps(event_type.example, default=str))
        event = {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": f"urn:throughline:bench:{event_type.agency}",
            "type": f"{self.domain.type_prefix}.{name}.v{event_type.version}",
            "time": "2026-03-02T10:15:00.250000Z",
            "recordedtime": "2026-03-02T11:15:00Z",
            "partitionkey": "20",
            "data": data,
        }
        parsed = parse_event(event, self.domain)
        if not isinstance(parsed, Reject):
            yield dict(zip(ROW_COLUMNS, parsed, strict=True))

    def row(self, chance: random.Random) -> dict[str, Any]:
        """A good event with an id and a crime number that no other has had (a few in ten have an earlier one's)."""
        row = dict(chance.choice(self.rows))
        number = self.number(chance)
        row["id"] = f"h{number}"
        row["identifiers"] = [
            (kind, f"{value}{number}" if kind not in {"urn", "asn"} else value[:4] + f"{number:07d}"[-7:])
            if kind != "asn"
            else (kind, value)
            for kind, value in row["identifiers"]
        ]
        return row

    def event(self, chance: random.Random) -> dict[str, Any]:
        """The same as the dict of a CloudEvent."""
        return event_object(self.row(chance), self.domain.type_prefix)

    def begin(self, run: int) -> None:
        """Number the events of a run from where no other run does, so that a run can be made again by itself."""
        self._next = run * _NUMBERS_OF_A_RUN

    def number(self, chance: random.Random) -> int:
        self._next += 1
        return self._next if chance.random() < 0.97 else chance.randint(1, self._next)


def json_bytes(value: Any) -> bytes:
    """JSON of a value, however deep it is."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def exactly(wanted: set[int]) -> Callable[[list[int]], str | None]:
    """Every one of these positions once, and no other."""

    def lost(found: list[int]) -> str | None:
        if len(found) == len(wanted) and set(found) == wanted:
            return None
        missing, other = sorted(wanted - set(found)), sorted(set(found) - wanted)
        return f"{len(found)} positions for {len(wanted)} records; missing {missing[:5]}, unexpected {other[:5]}"

    return lost


def json_lines(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """A file of JSON Lines. A record that has a newline in it is several lines."""
    records = [orjson.dumps(good.event(chance)), *(_json_line(good, chance) for _ in range(count - 1))]
    content = b"\n".join(records) + chance.choice((b"\n", b""))
    path = folder / "hostile.jsonl"
    path.write_bytes(content)
    lines = {place: line for place, line in enumerate(content.split(b"\n"), 1) if line.strip()}
    return Run("JSON lines", count, lambda: read_events(path, good.domain), exactly(set(lines)), lines)


def _json_line(good: Good, chance: random.Random) -> bytes:
    event = good.event(chance)
    if chance.random() < UNTOUCHED:
        return json_bytes(event)
    what = chance.randrange(10)
    if what < 3:
        return damaged(json_bytes(event), chance)
    if what < 8:
        part = chance.choice((event, event["data"], event["data"], event["data"]["identifiers"]))
        name = chance.choice([*part, chance.choice(TEXTS)])
        if what < 7:
            timely = isinstance(part.get(name), str) and part[name][:2] == "20" and chance.random() < 0.7
            part[name] = chance.choice(TIMES) if timely else hostile_value(chance)
            return json_bytes(event)
        part[name] = "@@"
        return json_bytes(event).replace(b'"@@"', chance.choice(RAW_JSON))
    line = json_bytes(event)
    if what == 8:
        key = chance.choice((b"id", b"type", b"data", b"time", b"source", b"specversion"))
        doubled = b'{"' + key + b'":' + chance.choice((*RAW_JSON[:8], b'"x"', b"null", b"{}")) + b","
        return chance.choice((doubled + line[1:], line[:-1] + b"," + doubled[1:-1] + b"}"))
    rare = chance.randrange(60)
    if rare == 0:
        return b"[" * chance.choice((1025, 50_000, 250_000))
    if rare == 1:
        return line[:-1] + b',"subject":"' + b"z" * 300_000 + b'"}'
    if rare < 10:
        return line.decode().encode(chance.choice(("utf-16", "utf-32-be", "utf-16-le")))
    if rare < 20:
        return chance.choice((b"", b" ", b"\r", b"null", b"[]", b"{}", b'""', b"0", b"\xef\xbb\xbf", b"\x00"))
    if rare < 30:
        return chance.choice((b"\xef\xbb\xbf", b" ", b"\x00", b"\x1f\x8b")) + line
    return line[: chance.randrange(len(line))]


def avro_messages(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """Framed Avro messages as they come from a topic."""
    messages = [_message(good, chance) for _ in range(count)]
    positions = list(range(1, count + 1))

    def read() -> Iterator[Batch]:
        yield decode_messages(messages, good.store, "hostile-0", positions)

    return Run("Avro messages", count, read, exactly(set(positions)))


def _message(good: Good, chance: random.Random) -> bytes | None:
    row = good.row(chance)
    stored = good.store.of(row["type"], row["version"])
    assert stored is not None
    record = avro_record(row, stored.avro)
    touched = chance.random() >= UNTOUCHED
    what = chance.randrange(10) if touched else 9
    if what < 3:
        name = chance.choice([name for name, value in record.items() if isinstance(value, str | int)])
        is_text = isinstance(record[name], str)
        symbols = next((one.symbols for one in stored.avro.fields if one.name == name), {})
        if symbols:
            record[name] = "UNKNOWN"
        elif not isinstance(record[name], bool):
            record[name] = chance.choice(TEXTS) if is_text else chance.choice(LONGS)
    try:
        body = stored.bodies.encode_record(record)
    except (OverflowError, ValueError):  # a number that its type cannot hold
        body = b""
    fingerprint = stored.avro.fingerprint
    if what in {3, 4, 5, 6}:
        body = damaged(body, chance)
    if what == 7:
        return damaged(frame_single_object(fingerprint, body), chance)
    if what == 8:
        odd = chance.randrange(8)
        if odd == 0:
            return None
        if odd == 1:
            return frame_confluent(chance.randrange(2**32), body)
        if odd == 2:
            return chance.choice((b"", b"\x00", b"\xc3", b"\xc3\x01", b"\x01" * 17, b"{}", b"\xc3\x01" * 300_000))
        if odd == 3:
            return frame_single_object(chance.choice(list(good.store)).avro.fingerprint, body)
        return frame_single_object(fingerprint, chance.choice((body + b"\x00", body[:-1], b"", body * 2)))
    return frame_single_object(fingerprint, body)


def csv_rows(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """Rows of a CSV file with a mapping; a record may go over several lines inside quotes."""
    head = b"entry,area,unit,crime,file,at,entered,what,channel,person,remark"
    rows = [_csv_row(good, chance) for _ in range(count)]
    content = b"\n".join([head, *rows]) + chance.choice((b"\n", b""))
    path = folder / "hostile.csv"
    path.write_bytes(content)
    lines = dict(enumerate(content.split(b"\n"), 1))

    def lost(found: list[int]) -> str | None:
        begun = set(found)
        if len(begun) < len(found) or not begun <= lines.keys() - {1}:
            return "a line came out twice, or one that the file does not have"
        is_open = False
        for place, line in lines.items():
            if place in begun:
                # a line that is not UTF-8 comes out by itself, even within a record of several lines
                is_open = b'"' in line or (is_open and not _is_utf8(line))
            elif place > 1 and line.rstrip(b"\r") and not is_open:
                return f"line {place} came out nowhere"
        return None

    mapping = load_mapping(MAPPING)
    return Run("CSV rows", count, lambda: read_mapped(path, mapping, good.domain), lost)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _csv_row(good: Good, chance: random.Random) -> bytes:
    number = good.number(chance)
    cells = [
        f"n{number}", "20", "20PP", f"20/{number}/26", "", "2026-03-02 10:15", "2026-03-02T11:15:00Z",
        chance.choice(("Contact", "Attempt")), "telephone", f"v-{number}", "-",
    ]  # fmt: skip
    if chance.random() >= UNTOUCHED:
        what = chance.randrange(8)
        if what < 4:
            text = chance.choice(TIMES if chance.random() < 0.4 else TEXTS)
            cells[chance.randrange(len(cells))] = text if chance.random() < 0.3 else _quoted(text)
        elif what == 4:
            cells[chance.randrange(len(cells))] = chance.choice(('"', '5" pipe', '"a"b', '"a""', 'a"b,c', '"\r'))
        elif what == 5:
            del cells[chance.randrange(len(cells)) :]
        elif what == 6:
            return damaged(",".join(cells).encode(), chance)
        elif chance.randrange(50) == 0:
            cells[-1] = "w" * chance.choice((262_000, 300_000))
        else:
            return ",".join(cells).encode(chance.choice(("utf-16-le", "utf-8", "cp1252"))) + chance.choice(
                (b"\xe9", b"\x00", b"\r", b",", b"\x81")
            )
    return ",".join(cells).encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
