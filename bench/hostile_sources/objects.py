"""Hostile logs of objects (OCEL 2.0) in their three formats."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from bench.hostile.values import TIMES
from bench.hostile_sources.attempt import Case, Made, Reader
from bench.hostile_sources.damage import cell, legal, sound, spoilt
from bench.hostile_sources.exports import UNTOUCHED, by_id, read_file
from bench.hostile_sources.markup import spoil_xml
from bench.hostile_sources.text_files import spoil_json
from throughline.schemas.definitions.domain import Domain
from throughline.sources.mapping.mapping import load_mapping

MAPPING = Path(__file__).parents[2] / "docs" / "how-to" / "examples" / "cases_ocel.yaml"
_KNOWN = 40
_MOST = 250
_SQL_WORDS = (b"ocel_id", b"ocel_time", b"ocel_type_map", b"ocel_event_id", b"text", b"event_Type0", b"SQLite format 3")

Log = dict[str, Any]


def _event(number: int, is_odd: bool, chance: random.Random) -> tuple[Log, Log]:
    """An event with the crime that it records; an odd one has one thing that is not as it should be."""
    crime: Log = {"id": f"20/{number:06}/26", "type": "Crime", "attributes": [
        {"name": "offence", "time": "1970-01-01T00:00:00Z", "value": "stalking"}], "relationships": []}  # fmt: skip
    event: Log = {"id": f"e{number}", "type": "record crime", "time": "2026-03-18T09:00:00Z",
        "attributes": [{"name": "unit", "value": "20PP"}],
        "relationships": [{"objectId": crime["id"], "qualifier": "recorded"}]}  # fmt: skip
    if is_odd:
        part = chance.choice(
            (event, event, crime["attributes"][0], event["attributes"][0], event["relationships"][0], crime)
        )
        name = chance.choice([one for one in part if isinstance(part[one], str)])
        part[name] = chance.choice(TIMES) if name == "time" else sound(cell(chance, part[name]))[:20_000]
        if part in (event["attributes"][0], crime["attributes"][0]) and name == "name":
            # another name is another column, which the mapping does not know
            part[name] = {"unit": "unit", "offence": "offence"}.get(
                name, "unit" if part is event["attributes"][0] else "offence"
            )
        if part is crime and name == "type":
            # what a file is like has another name
            crime["type"], crime["attributes"][0]["name"] = "File", "rating"
        if chance.random() < 0.1:
            event["relationships"] *= chance.choice((0, 2, 300))
    return event, crime


def log_of(numbers: list[tuple[int, bool]], chance: random.Random) -> Log:
    made = [_event(number, is_odd, chance) for number, is_odd in numbers]
    return {
        "objectTypes": [{"name": "Crime", "attributes": [{"name": "offence", "type": "string"}]},
                        {"name": "File", "attributes": [{"name": "rating", "type": "string"}]},
                        {"name": "Victim", "attributes": []}],
        "eventTypes": [{"name": "record crime", "attributes": [{"name": "unit", "type": "string"}]},
                       {"name": "submit file", "attributes": [{"name": "unit", "type": "string"}]}],
        "objects": [crime for _, crime in made],
        "events": [event for event, _ in made],
    }  # fmt: skip


def write_json(path: Path, log: Log) -> None:
    path.write_bytes(orjson.dumps(log))


def write_xml(path: Path, log: Log) -> None:
    path.write_bytes("".join(_xml(log)).encode())


def _xml(log: Log) -> Iterator[str]:
    yield "<log>"
    for kind in ("object", "event"):
        yield f"<{kind}-types>"
        for one in log[f"{kind}Types"]:
            attributes = "".join(f"<attribute name={_quoted(a['name'])} type='string'/>" for a in one["attributes"])
            yield f"<{kind}-type name={_quoted(one['name'])}><attributes>{attributes}</attributes></{kind}-type>"
        yield f"</{kind}-types>"
    for kind in ("object", "event"):
        yield f"<{kind}s>"
        for one in log[f"{kind}s"]:
            yield f"<{kind} {' '.join(f'{n}={_quoted(v)}' for n, v in one.items() if isinstance(v, str))}><attributes>"
            for a in one["attributes"]:
                since = f" time={_quoted(a['time'])}" if "time" in a else ""
                yield f"<attribute name={_quoted(a['name'])}{since}>{escape(legal(a['value']))}</attribute>"
            yield "</attributes><objects>"
            for r in one["relationships"]:
                yield f"<relationship object-id={_quoted(r['objectId'])} qualifier={_quoted(r['qualifier'])}/>"
            yield f"</objects></{kind}>"
        yield f"</{kind}s>"
    yield "</log>"


def _quoted(text: str) -> str:
    return quoteattr(legal(text))


def write_sqlite(path: Path, log: Log) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        run, many = database.execute, database.executemany
        run("pragma synchronous = off")
        for kind in ("object", "event"):
            run(f"create table {kind} (ocel_id text, ocel_type text)")
            run(f"create table {kind}_map_type (ocel_type text, ocel_type_map text)")
            for number, one in enumerate(log[f"{kind}Types"]):
                run(f"insert into {kind}_map_type values (?, ?)", [one["name"], f"Type{number}"])
                columns = ["ocel_id", "ocel_time", *(f'"{attribute["name"]}"' for attribute in one["attributes"])]
                changed = ["ocel_changed_field"] if kind == "object" else []
                run(f"create table {kind}_Type{number} ({', '.join(f'{name} text' for name in columns + changed)})")
                rows = [
                    (row["id"], row.get("time", "1970-01-01"), *(a["value"] for a in row["attributes"]))
                    for row in log[f"{kind}s"]
                    if row["type"] == one["name"]
                ]
                marks = ", ".join("?" * len(columns))
                many(f"insert into {kind}_Type{number} ({', '.join(columns)}) values ({marks})", rows)
            many(f"insert into {kind} values (?, ?)", [(one["id"], one["type"]) for one in log[f"{kind}s"]])
        run("create table event_object (ocel_event_id text, ocel_object_id text, ocel_qualifier text)")
        run("create table object_object (ocel_source_id text, ocel_target_id text, ocel_qualifier text)")
        said = [(one["id"], r["objectId"], r["qualifier"]) for one in log["events"] for r in one["relationships"]]
        many("insert into event_object values (?, ?, ?)", said)
        database.commit()


def _spoil_sqlite(path: Path, chance: random.Random) -> None:
    """Change the tables themselves, or what stands in them."""
    table = chance.choice(
        ("object", "event", "object_map_type", "event_map_type", "event_Type0", "object_Type0", "event_object")
    )
    endless = (
        "with recursive n(i) as (select 1 union all select i + 1 from n) select i as ocel_id, '' as ocel_time from n"
    )
    with closing(sqlite3.connect(path)) as database:
        columns = [name for _, name, *_ in database.execute(f"pragma table_info({table})")]
        column = chance.choice(columns)
        value = chance.choice((2**63 - 1, -0.0, 1e308, b"\xff\x00", None, "a\x00b", "9" * 5000, "'; --", '"'))
        run = database.execute
        chance.choice(
            (
                lambda: run(f"drop table {table}"),
                lambda: run(
                    f'alter table {table} rename column "{column}" to "{chance.choice(("x", "ocel_idx", "é"))}"'
                ),
                lambda: run(f'update {table} set "{column}" = ?', [value]),
                lambda: run(f'update {table} set "{column}" = cast(? as text)', [b"\xff\xfe\xed\xa0\x80"]),
                lambda: (run(f"drop table {table}"), run(f"create view {table} as {endless}")),
                lambda: run(f"insert into {table} select * from {table}"),
                lambda: run(f"insert into {table} default values"),
                lambda: run("insert into event_map_type values (?, ?)", ["x", 'Type0" union select 1 --']),
                lambda: run(f"create view more as {endless}"),
            )
        )()
        database.commit()


def _read_path(path: Path, domain: Domain) -> Callable[[], Iterator[Made]]:
    mapping = load_mapping(MAPPING)
    return lambda: read_file(path, mapping, domain)


WRITERS: dict[str, tuple[str, Callable[[Path, Log], None]]] = {
    "ocel_json": (".jsonocel", write_json),
    "ocel_xml": (".xmlocel", write_xml),
    "ocel_sqlite": (".sqliteocel", write_sqlite),
}


class Logs:
    """Hostile logs of one format."""

    def __init__(self, name: str, domain: Domain, folder: Path) -> None:
        ending, self.write = WRITERS[name]
        self.path = folder / f"log{ending}"
        self.read = _read_path(self.path, domain)
        self.write(self.path, log_of([(number, False) for number in range(_KNOWN)], random.Random(0)))
        self.known = by_id(self.read())

    def case(self, chance: random.Random) -> Case:
        is_damaged = chance.random() < 0.5
        numbers = []
        for place in range(8 if is_damaged else _MOST):
            # each known event stands there once: twice the same object is one
            is_known = place < _KNOWN and chance.random() < UNTOUCHED * 4
            numbers.append((place if is_known else _KNOWN + chance.randrange(1_000_000), not is_known))
        self.write(self.path, log_of(numbers, chance))
        if not is_damaged:
            kept = {
                one: row for one, row in self.known.items() if any(f"e{n}" == one and not odd for n, odd in numbers)
            }
            return Case(_MOST, self.read, untouched=kept, records=_MOST if self.path.suffix != ".sqliteocel" else None)
        if self.path.suffix == ".sqliteocel" and chance.random() < 0.6:
            _spoil_sqlite(self.path, chance)
            return Case(1, self.read, may_refuse=True)
        content = self.path.read_bytes()
        own = {".jsonocel": spoil_json, ".xmlocel": spoil_xml}.get(self.path.suffix)
        words = (
            _SQL_WORDS if own is None else (b"id", b"type", b"time", b"event", b"object", b"qualifier", b"attributes")
        )
        self.path.write_bytes(own(content, chance) if own and chance.random() < 0.3 else spoilt(content, chance, words))
        return Case(1, self.read, may_refuse=True)


def reader_of(name: str) -> Callable[[Domain, Path], Reader]:
    return lambda domain, folder: Logs(name, domain, folder)


READERS = {name: reader_of(name) for name in WRITERS}
