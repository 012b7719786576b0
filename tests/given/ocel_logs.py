"""One object-centric log (OCEL 2.0) written in each of its formats, as the specification has them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Log = dict[str, Any]


def write_json(path: Path, log: Log) -> Path:
    path.write_text(json.dumps(log, indent=1), encoding="utf-8")
    return path


def write_xml(path: Path, log: Log) -> Path:
    path.write_text("".join(_xml(log)), encoding="utf-8")
    return path


def _xml(log: Log) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<log>'
    for key, kind in (("objectTypes", "object"), ("eventTypes", "event")):
        yield f"<{kind}-types>"
        for one in log[key]:
            attributes = "".join(f"<attribute name={quoteattr(a['name'])} type='string'/>" for a in one["attributes"])
            yield f"<{kind}-type name={quoteattr(one['name'])}><attributes>{attributes}</attributes></{kind}-type>"
        yield f"</{kind}-types>"
    for kind in ("object", "event"):
        yield f"<{kind}s>"
        for one in log[f"{kind}s"]:
            time = f" time={quoteattr(one['time'])}" if kind == "event" else ""
            yield f"<{kind} id={quoteattr(one['id'])} type={quoteattr(one['type'])}{time}><attributes>"
            for a in one.get("attributes", ()):
                since = f" time={quoteattr(a['time'])}" if kind == "object" else ""
                yield f"<attribute name={quoteattr(a['name'])}{since}>{escape(a['value'])}</attribute>"
            yield "</attributes><objects>"
            for r in one.get("relationships", ()):
                yield f"<relationship object-id={quoteattr(r['objectId'])} qualifier={quoteattr(r['qualifier'])}/>"
            yield f"</objects></{kind}>"
        yield f"</{kind}s>"
    yield "</log>\n"


def write_sqlite(path: Path, log: Log) -> Path:
    with closing(sqlite3.connect(path)) as database:
        run = database.execute
        for kind in ("object", "event"):
            run(f"create table {kind} (ocel_id text, ocel_type text)")
            run(f"create table {kind}_map_type (ocel_type text, ocel_type_map text)")
            for number, one in enumerate(log[f"{kind}Types"]):
                run(f"insert into {kind}_map_type values (?, ?)", [one["name"], f"Type{number}"])
                names = [a["name"] for a in one["attributes"]]
                own = ["ocel_id", "ocel_time", *(["ocel_changed_field"] if kind == "object" else []), *names]
                table = f"{kind}_Type{number}"
                made = ", ".join(f'"{name}" text' for name in own)
                run(f"create table {table} ({made})")
                for row in log[f"{kind}s"]:
                    if row["type"] == one["name"]:
                        for said in _rows(kind, row):
                            columns = ", ".join(f'"{name}"' for name in said)
                            marks = ", ".join("?" * len(said))
                            run(f"insert into {table} ({columns}) values ({marks})", list(said.values()))
        run("create table event_object (ocel_event_id text, ocel_object_id text, ocel_qualifier text)")
        run("create table object_object (ocel_source_id text, ocel_target_id text, ocel_qualifier text)")
        for kind in ("object", "event"):
            for one in log[f"{kind}s"]:
                run(f"insert into {kind} values (?, ?)", [one["id"], one["type"]])
                for r in one.get("relationships", ()):
                    run(f"insert into {kind}_object values (?, ?, ?)", [one["id"], r["objectId"], r["qualifier"]])
        database.commit()
    return path


def _rows(kind: str, row: Log) -> Iterator[dict[str, str | None]]:
    if kind == "event":
        yield {"ocel_id": row["id"], "ocel_time": row["time"]} | {a["name"]: a["value"] for a in row["attributes"]}
        return
    begins = {a["name"]: a["value"] for a in row.get("attributes", ()) if a["time"].startswith("1970-01-01")}
    yield {"ocel_id": row["id"], "ocel_time": "1970-01-01 00:00:00", "ocel_changed_field": None} | begins
    for a in row.get("attributes", ()):
        if not a["time"].startswith("1970-01-01"):
            changed = {"ocel_time": a["time"], "ocel_changed_field": a["name"], a["name"]: a["value"]}
            yield {"ocel_id": row["id"], **changed}


WRITERS = {".jsonocel": write_json, ".xmlocel": write_xml, ".sqliteocel": write_sqlite}
