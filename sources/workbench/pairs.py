"""Rows beside the events that they become: each part of an event with its column and what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.registry import read_rows
from throughline.sources.formats.rows import Rows
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.parts import Emit, Mapping, Value
from throughline.sources.workbench.person import may_be_shown, said_by_name

MASK = "(masked)"


@dataclass(frozen=True)
class Part:
    """One part of an event: its name, the column, constant or path that it is from, what stood there, what it is."""

    name: str
    origin: str
    given: str
    becomes: str


@dataclass(frozen=True)
class Shown:
    """A row (`position` in its file) and an event that it gives, or why it gives none."""

    position: int
    parts: tuple[Part, ...]
    refused: str = ""


def rows_beside_events(mapping: Mapping, path: Path, domain: Domain, most: int) -> Iterator[Shown]:
    """The first `most` rows that the filters keep, in their order, each with its events; what a domain restricts is
    masked, and so is what may be about a person. Raises MappingProblemsError, DataError as `read_mapped` does."""
    left = most
    for rows in read_rows(path, mapping.reading):
        head = Rows(rows.columns, rows.table.slice(0, left * 20), rows.rejects, rows.nested)
        shown: dict[int, list[Shown]] = {}
        for made in convert([head], mapping, domain, path):
            given = {place: number for number, place in enumerate(head.table["position"].to_pylist())}
            for event in made.batch.events.to_pylist():
                row = head.table.slice(given[event["position"]], 1)
                emit = _emit_of(event, mapping)
                parts = tuple(_parts(event, row, head.columns, emit, mapping, domain))
                shown.setdefault(event["position"], []).append(Shown(event["position"], parts))
            for reject in made.batch.rejects.to_pylist():
                where = f" in `{reject['field']}`" if reject["field"] else ""
                said = f"{reject['reason']}{where}: {reject['detail']}"
                shown.setdefault(reject["position"], []).append(Shown(reject["position"], (), said))
        for position in sorted(shown)[:left]:
            yield from shown[position]
        left -= min(left, len(shown))
        if left == 0:
            return


def _emit_of(event: dict[str, Any], mapping: Mapping) -> Emit:
    """The one of a mapping's events that this is: its name ends the id."""
    return next(
        (one for one in mapping.emits if one.name is not None and event["id"].endswith(f":{one.name}")),
        mapping.emits[0],
    )


def _parts(
    event: dict[str, Any], row: pa.Table, columns: tuple[str, ...], emit: Emit, mapping: Mapping, domain: Domain
) -> Iterator[Part]:
    data = orjson.loads(event["data"])
    yield Part("source", "the mapping", "", event["source"])
    yield Part("id", _of_id(mapping), "", event["id"])
    yield _part("type", emit.type, row, columns, event["type"])
    at, precision = event["occurred_at"], event["occurred_precision"]
    shown = (
        f"{at:%Y-%m-%dT%H:%M:%S}Z"
        if precision == "instant"
        else f"{at:%Y-%m-%d}"
        if precision == "day"
        else f"{at:%Y-%m}"
    )
    yield _part("time", emit.time, row, columns, f"{shown} ({precision})")
    if emit.recorded_at is not None:
        yield _part("recorded_at", emit.recorded_at, row, columns, _text(event["recorded_at"]))
    yield _part("area", emit.area, row, columns, event["area"])
    yield _part("agency", emit.agency, row, columns, event["agency"])
    if mapping.snapshot is not None or mapping.revision is not None:
        said_by = mapping.revision if mapping.snapshot is None else mapping.snapshot.as_of
        yield _part("revision", said_by, row, columns, _text(event["revision"]))
    if emit.sequence is not None or emit.sequence_is_row:
        yield _part("sequence", emit.sequence, row, columns, _text(event["sequence"]))
    if emit.unit is not None:
        yield _part("unit", emit.unit, row, columns, _text(event["unit"]))
    links = {kind.kind: kind.links for kind in domain.identifiers}
    for kind, value in emit.identifiers:
        found = [one["value"] for one in event["identifiers"] if one["kind"] == kind]
        yield _part(f"identifiers.{kind}", value, row, columns, ", ".join(found) or "–", is_masked=not links[kind])
    names = {**emit.fields, **{name: emit.type for word in (emit.words or {}).values() for name in word.fields}}
    for name, value in names.items():
        becomes = event[SHARED[name]] if name in SHARED else data.get(name)
        restricted = domain.fields[name].sensitivity == "restricted" if name in domain.fields else False
        yield _part(f"fields.{name}", value, row, columns, _text(becomes), is_masked=restricted)


def _part(
    name: str, value: Value | None, row: pa.Table, columns: tuple[str, ...], becomes: str, *, is_masked: bool = False
) -> Part:
    origin, given = "the type's own" if name == "agency" else "the file", ""
    if value is not None and value.column is not None:
        origin = f"`{value.column}`"
        # a column that is not needed may be missing
        is_there = value.column in columns
        given = _text(row[f"c{columns.index(value.column)}"][0].as_py() if is_there else None)
        # a column that may be about a person, whatever a mapping takes it for
        is_masked = (
            is_masked or bool(said_by_name(value.column)) or (name.startswith("fields.") and not may_be_shown(given))
        )
    elif value is not None and value.constant is not None:
        origin = "a constant"
    elif value is not None:
        origin = "the file's path"
    if is_masked:
        given, becomes = (MASK if given not in ("", "–") else given), (MASK if becomes != "–" else becomes)
    return Part(name, origin, given, becomes)


def _of_id(mapping: Mapping) -> str:
    return " or ".join(
        "file and row" if one.form == "row" else ", ".join(f"`{c}`" for c in one.columns) for one in mapping.identities
    )


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return (
        f"{value:%Y-%m-%dT%H:%M:%S}Z"
        if hasattr(value, "strftime")
        else ", ".join(value)
        if isinstance(value, list)
        else str(value)
    )
