"""Hostile records of Kafka Connect: changes of rows as Debezium writes them, and rows of an outbox."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.hostile.values import LONGS, RAW_JSON, damaged, hostile_value, nested
from bench.hostile_sources.attempt import Case, Made, Reader, rows_of
from bench.hostile_sources.damage import cell, sound
from bench.hostile_sources.exports import UNTOUCHED
from bench.hostile_sources.text_files import dumped
from throughline.schemas.definitions.domain import Domain
from throughline.sources.changes.conversion import map_records
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.mapping.mapping import load_mapping

_EXAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "examples"
MAPPINGS = {"changes": "crime_changes.yaml", "outbox": "crime_outbox.yaml"}
_COMMITTED = 1_772_446_500_000
_KNOWN = 40
_MOST = 200
_TYPES = (
    "io.debezium.time.Date", "io.debezium.time.Timestamp", "io.debezium.time.MicroTimestamp",
    "io.debezium.time.NanoTimestamp", "io.debezium.time.MicroTime", "io.debezium.time.ZonedTimestamp",
    "io.debezium.time.IsoTimestamp", "org.apache.kafka.connect.data.Decimal",
    "io.debezium.data.VariableScaleDecimal", "x",
)  # fmt: skip
_SCALES = ("2", "-5", "40", "999999", "-999999", "1000001", "9" * 5000, "x", None, 3, [])


def _change(number: int) -> dict[str, Any]:
    row = {"id": number, "crime_no": f"20/{number:06}/26", "recorded": _COMMITTED * 1000, "unit": "20PP"}
    row |= {"offence": "STALK", "notes": "n"}
    source = {"connector": "postgresql", "ts_ms": _COMMITTED, "snapshot": "false", "lsn": 1000 + number}
    return {"before": None, "after": row, "source": source, "op": "c", "ts_ms": _COMMITTED, "transaction": None}


def _routed(number: int) -> dict[str, Any]:
    payload = {
        "crime": f"20/{number:06}/26",
        "at": "2026-03-02T10:15:00Z",
        "unit": {"code": "20PP"},
        "offence": "stalking",
    }
    return {"payload": orjson.dumps(payload).decode()}


class Records:
    """Hostile records of one partition, of the kind `changes` or `outbox`."""

    def __init__(self, kind: str, domain: Domain, folder: Path) -> None:
        self.kind, self.domain = kind, domain
        self.mapping = load_mapping(_EXAMPLES / MAPPINGS[kind])
        good = [self._good(number, number) for number in range(_KNOWN)]
        (made,) = self._read(good)
        self.known = dict(rows_of(made.events))

    def _read(self, records: list[ConnectRecord]) -> Iterator[Made]:
        found = map_records(records, self.mapping, self.domain)
        yield Made(found.batch.events, found.batch.rejects, found.records, found.left_out)

    def _good(self, number: int, offset: int) -> ConnectRecord:
        value = _change(number) if self.kind == "changes" else _routed(number)
        return self._record(orjson.dumps(value), number, offset)

    def _record(self, value: bytes | None, number: int, offset: int) -> ConnectRecord:
        headers = [("id", f"o{number}".encode()), ("eventType", b"CrimeRecorded")]
        return ConnectRecord("rms.public.crime", 0, offset, _COMMITTED, b'{"id":1}', value, headers)

    def case(self, chance: random.Random) -> Case:
        # what has a name that the mapping does not know stops the portion: only then are names spoilt, too
        is_wild = chance.random() < 0.3
        records, kept = [], {}
        for offset in range(_MOST):
            if chance.random() < UNTOUCHED:
                number = chance.randrange(_KNOWN)
                records.append(self._good(number, offset))
                kept[self.known[number]["id"]] = self.known[number]
            else:
                number = _KNOWN + chance.randrange(1_000_000)
                records.append(self._odd(number, offset, chance, is_wild))
        if is_wild:
            del records[8:]
        return Case(len(records), lambda: self._read(records), is_wild, {} if is_wild else kept, len(records))

    def _odd(self, number: int, offset: int, chance: random.Random, is_wild: bool) -> ConnectRecord:
        good = self._good(number, offset)
        assert good.value is not None
        value: Any = orjson.loads(good.value)
        what = chance.randrange(10)
        if what < 2 and is_wild:
            return self._record(damaged(good.value, chance), number, offset)
        if what == 2:
            raw = good.value.replace(b'"20PP"', chance.choice(RAW_JSON)).replace(b'"crime"', chance.choice(RAW_JSON))
            return self._record(chance.choice((raw, raw, raw, None, b"", b"null", b"[" * 50_000)), number, offset)
        if what < 7:
            self._spoil(value, chance, is_wild)
        if what == 7 and self.kind == "changes":
            value = _with_schema(value, chance)
        if what == 8 and self.kind == "changes":
            value["op"] = chance.choice(("r", "u", "d", "t", "m", "", None, 3))
            value["before"] = chance.choice((None, value["after"], {}, {"crime_no": "x"}, []))
        elif what == 8 and is_wild:
            value = chance.choice((value["payload"], [value], {"schema": None, "payload": value}, {"payload": value}))
        record = self._record(dumped(value), number, offset)
        if what == 9:
            odd = [(sound(cell(chance, "id"))[:50], chance.choice((None, b"\xff", b'{"a":' * 2000, b'"x"', b"{}")))]
            headers = chance.choice(
                (odd, [*record.headers, *odd], [], [("id", None)], [("id", b'{"payload":1,"schema":2}')])
            )
            key = chance.choice((None, b"\xff\xfe", b'{"id":', b'"' * 9, b"{" * 9000))
            return ConnectRecord(
                record.topic, 0, offset, chance.choice((_COMMITTED, -1, 2**62)), key, record.value, headers
            )
        return record

    def _spoil(self, value: dict[str, Any], chance: random.Random, is_wild: bool) -> None:
        part = value
        if self.kind == "changes":
            part = chance.choice((value, value["after"], value["after"], value["source"]))
            name = chance.choice(list(part))
        else:
            part = payload = orjson.loads(value["payload"]) if chance.random() < 0.8 or not is_wild else value
            name = chance.choice(list(part))
            if name == "unit" and not is_wild:
                # another shape of it is another column
                part, name = part["unit"], "code"
        was = part[name]
        odd = sound(cell(chance, was if isinstance(was, str) else ""))
        part[name] = chance.choice((odd, odd, chance.choice(LONGS), _single(hostile_value(chance)), "9" * 5000))
        if part is value.get("source") and chance.random() < 0.3:
            part |= {
                "connector": chance.choice(("mysql", "oracle", "mariadb", "x")),
                "file": odd,
                "pos": "9" * 5000,
                "scn": odd,
            }
        if self.kind == "outbox" and part is not value:
            value["payload"] = dumped(payload).decode()


def _single(value: Any) -> Any:
    # a list would make the column one for all records of the portion
    return nested(120) if isinstance(value, list) else value if not isinstance(value, dict) else None


def _with_schema(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The envelope of a converter that writes schemas, which do not fit the values."""
    columns = [
        {"field": name, "type": "bytes", "name": chance.choice(_TYPES), "parameters": {"scale": chance.choice(_SCALES)}}
        for name in value["after"]
    ]
    name = chance.choice(list(value["after"]))
    value["after"][name] = chance.choice(("AQ==", "A" * 5000, 2**63, -1, 1e300, 10**18, "\ufffd"))
    schema = chance.choice(
        ({"fields": [{"field": "after", "fields": columns}]}, {"fields": columns}, [], {"fields": None})
    )
    return {"schema": schema, "payload": value}


def reader_of(kind: str) -> Callable[[Domain, Path], Reader]:
    return lambda domain, folder: Records(kind, domain, folder)


READERS = {kind: reader_of(kind) for kind in MAPPINGS}
