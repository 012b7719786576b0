"""A domain in which each restricted field takes any text, and events with another canary in each of these fields.

A canary is a text that stands nowhere else. What it is found in shows what the field said. It has the form of a keyed
pseudonym, so that it may act as a steward: the domain lists them all.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pikepdf
import yaml
from catalogue_events import examples

from throughline.schemas.definitions.catalogue import ALWAYS_SHOWN, EventType
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain

NOTE = "case_note"
"""A restricted field that every type of such a domain may have: some domains have none of their own."""

DESK = "urn:throughline:steward:20:desk"
_AT_MOST = 5_000
_CANARY = re.compile(r"o-ca[0-9]{6}")


def canaries_in(content: bytes | str) -> set[str]:
    """The canaries in a text, or in the bytes of a file: PDF and packed files are unpacked, tables read."""
    if isinstance(content, str):
        return set(_CANARY.findall(content))
    if content.startswith(b"%PDF"):
        return set().union(*map(canaries_in, _parts_of_pdf(content)))
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return set().union(*(canaries_in(packed.read(name)) for name in packed.namelist()))
    return canaries_in(content.decode("utf-8", errors="replace"))


def canaries_in_rows(connection: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    """The canaries in what a query gives, in whatever column: bytes too."""
    found: set[str] = set()
    for row in connection.execute(query).fetchall():
        found |= canaries_in("".join(_text(value) for value in row))
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _parts_of_pdf(content: bytes) -> Iterator[bytes]:
    """Its streams, unpacked, and what they say by the fonts' own characters, which stand in none as text."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for part in pdf.objects:
            if isinstance(part, pikepdf.Stream):
                try:
                    yield part.read_bytes()
                except pikepdf.PdfError:
                    yield part.read_raw_bytes()


class _Plain(yaml.CSafeDumper):
    """Writes what is said twice twice: the product's reader takes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def canary_domain(name: str, folder: Path) -> Domain:
    """A copy of a domain that is shipped: restricted fields are text, and every type has one (NOTE)."""
    copy = folder / name
    shutil.copytree(DEFAULT_DOMAIN.parent / name, copy)
    fields = _read(copy / "fields.yaml")
    restricted = {name for name, entry in fields.items() if entry["sensitivity"] == "restricted"}
    for one in restricted:
        fields[one] = {"type": "string", "sensitivity": "restricted", "doc": fields[one]["doc"]}
    fields[NOTE] = {"type": "string", "sensitivity": "restricted", "doc": "A note."}
    _write(copy / "fields.yaml", fields)
    for file in (copy / "events").glob("*.yaml"):
        types = _read(file)
        for entry in types:
            for one in restricted & entry["fields"].keys():
                use = entry["fields"][one]
                is_needed = use == "required" or (isinstance(use, dict) and use.get("required"))
                entry["fields"][one] = "required" if is_needed else "optional"
                entry["example"].pop(one, None)
                if is_needed:
                    entry["example"][one] = "text"
            entry["fields"][NOTE] = "optional"
        _write(file, types)
    if any(file.stem == "steward" for file in (copy / "events").iterdir()):
        desk = {"source": DESK, "areas": ["20"], "officers": [f"o-ca{number:06}" for number in range(_AT_MOST)]}
        _write(copy / "sources.yaml", {"stewards": [desk]})
    return load_domain(copy)


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True), encoding="utf-8")


def hidden_fields(kind: EventType) -> list[str]:
    """The fields of a type that nobody else may see and that take any text: of a restricted type all that do."""
    return [
        one.name
        for one in kind.fields.values()
        if (one.sensitivity == "restricted" or kind.sensitivity == "restricted")
        and one.name not in ALWAYS_SHOWN
        and one.type == "string"
        and one.values is None
    ]


@dataclass
class Planted:
    """Events as lines of JSON; the canaries in events that stand or are superseded, in conflict, or refused."""

    lines: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    contested: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


def planted(domain: Domain) -> Planted:
    """Of each type: an event that stands, one said twice by revisions, one in conflict, and one that is refused."""
    made = Planted()
    area = {"partitionkey": "20"} if "20" in (domain.areas or {}) else {}
    counter = itertools.count()
    fresh = (f"o-ca{number:06}" for number in counter)

    def put(event: Mapping[str, Any], canaries: set[str], **data: str) -> None:
        kind = _name(domain, event["type"])
        hidden = hidden_fields(domain.types[kind])
        said = dict(zip(hidden, fresh, strict=False)) | data
        if kind.startswith("steward."):
            event = {**event, "source": DESK}
        canaries.update(canary for text in said.items() for canary in canaries_in(" ".join(text)))
        made.lines.append(json.dumps({**event, "data": event["data"] | said}, default=str))

    for event in (example | area for example in examples(domain)):
        put(event, made.kept)
        for revision in ("1", "2"):
            put(event | {"id": f"r-{event['id']}", "revision": revision}, made.kept)
        for _ in range(2):
            put(event | {"id": f"c-{event['id']}"}, made.contested)
        # a field that the catalogue does not have, by its name and by what it says
        put(event | {"id": f"q-{event['id']}"}, made.refused, **{f"field {next(fresh)}": next(fresh)})
    event = examples(domain)[0]
    strange = {**event, "id": "t", "type": "no.such.type", "data": event["data"] | {NOTE: next(fresh)}}
    broken = f"{json.dumps(strange)[:-1]} {next(fresh)}"
    made.refused |= canaries_in(json.dumps(strange) + broken)
    made.lines += [json.dumps(strange), broken]
    return made


def _name(domain: Domain, wire_type: str) -> str:
    return wire_type.removeprefix(f"{domain.type_prefix}.").rpartition(".v")[0]


def outside(found: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """What shows canaries, with the first of them: to be compared with nothing at all."""
    return {name: sorted(canaries)[:3] for name, canaries in found.items() if canaries}
