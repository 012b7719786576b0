"""What a peer must know of the domain, as one JSON file: schemas by fingerprint, effects, kinds that link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.rule_tables import rule_tables
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.schema import AvroField, AvroType


def write_catalogue(path: Path, domain: Domain) -> Path:
    """Write the file. Times are plain microseconds there: peers are spared the making of dates."""
    effects: dict[str, list[dict[str, Any]]] = {}
    for row in rule_tables(domain)["effects"].to_pylist():
        effects.setdefault(row["type"], []).append(row)
    types = {}
    for stored in SchemaStore(domain):
        avro = stored.avro
        decision, reason = _field(avro, "decision"), _field(avro, "reason")
        symbols = {value: symbol for symbol, value in decision.symbols.items()} if decision is not None else {}
        types[avro.fingerprint.hex()] = {
            "type": avro.form.type,
            "schema": _without_logical(avro.schema),
            "decision": decision and decision.name,
            "reason": reason and reason.name,
            "effects": [
                {
                    "when": symbols.get(one["when_decision"], one["when_decision"]),
                    "effect": one["effect"],
                    "target": one["target"],
                    "kind": one["kind"],
                }
                for one in sorted(effects.get(avro.form.type, ()), key=lambda one: one["ordinal"])
            ],
        }
    links = [kind.kind for kind in domain.identifiers if kind.links]
    path.write_bytes(orjson.dumps({"types": types, "links": links}))
    return path


def _field(avro: AvroType, column: str) -> AvroField | None:
    return next((field for field in avro.fields if field.form.column == column), None)


def _without_logical(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: _without_logical(value)
            for name, value in schema.items()
            if name not in ("logicalType", "throughline")
        }
    if isinstance(schema, list):
        return [_without_logical(one) for one in schema]
    return schema
