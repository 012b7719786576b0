"""The rooms of the repository, the lowest first, and which room each may import: the order that the tests hold.

A room is a folder with Python modules. It may import the rooms named beside it, and whatever those may import. The
drawing in docs/architecture.md shows the same arrows. `bench/` stands above all of it and is not drawn.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ROOMS: dict[str, tuple[str, ...]] = {
    "schemas/acceptance": (),
    "schemas/definitions": ("schemas/acceptance",),
    "schemas/secrets": ("schemas/definitions",),
    "schemas/wire/avro": ("schemas/definitions",),
    "schemas/wire": ("schemas/wire/avro",),
    "schemas/pages": ("schemas/definitions",),
    "schemas/contracts": ("schemas/wire",),
    "sources/sheets": (),
    "sources/objects": ("schemas/acceptance", "sources/sheets"),
    "sources/formats": ("schemas/wire", "schemas/pages", "sources/sheets", "sources/objects"),
    "sources/mapping": ("sources/formats",),
    "sources": ("sources/mapping",),
    "sources/workbench": ("sources",),
    "sources/connection": ("schemas/wire", "schemas/secrets"),
    "sources/publish": ("sources", "sources/connection"),
    "sources/databases": ("sources/publish",),
    "sources/changes": ("sources/publish",),
    "sources/ingest": ("sources/publish",),
    "sources/watch": ("sources/publish",),
    "sinks": (),
    "sinks/quarantine": (),
    "sinks/sheets": (),
    "sinks/questions": ("sinks", "sinks/sheets"),
    "sinks/disclosure": (),
    "sinks/measures": ("sinks/disclosure", "sinks", "schemas/definitions"),
    "streams/join": ("sources", "sinks", "sinks/quarantine"),
    "streams/shared": ("streams/join", "sources/connection"),
    "streams/log": ("sources/connection",),
    "streams/worker": ("streams/shared", "streams/log"),
    "quality/checks": ("schemas/definitions",),
    "quality/letters": ("quality/checks",),
    "quality/contracts": ("quality/checks",),
    "quality/reconciliation": ("quality/checks", "schemas/wire", "sinks"),
    "quality/conformity": ("quality/letters", "streams/worker"),
    "quality/stewardship": ("quality/checks", "streams/worker"),
    "quality/figures": ("quality/stewardship",),
    "sinks/charts": (),
    "sinks/board/access": ("schemas/secrets", "schemas/wire", "sinks"),
    "sinks/board/words": ("quality/letters",),
    "sinks/board/reading": ("sinks/questions", "sinks/measures", "streams/join"),
    "sinks/board/frame": ("sinks/board/words", "sinks/board/reading", "sinks/board/access", "sinks/disclosure"),
    "sinks/board/case": ("sinks/board/frame",),
    "sinks/board/pages": ("sinks/board/frame",),
    "sinks/board/figures": ("sinks/board/frame", "sinks/measures", "sinks/charts", "sinks/sheets"),
    "sinks/board/meeting": ("sinks/board/figures",),
    "sinks/board/pack": ("sinks/board/meeting", "sinks/board/pages"),
    "sinks/board": ("sinks/board/case", "sinks/board/meeting", "sinks/board/pages"),
    "throughline/broker": (),
    "throughline/generated": ("schemas/pages", "sinks/measures", "streams/shared", "sources/mapping"),
    "throughline/demo/story": (),
    "throughline/demo": ("throughline/demo/story", "streams/join"),
    "throughline/live": ("throughline/demo", "throughline/broker", "streams/worker"),
    "throughline/doctor": ("throughline/broker", "sources/publish", "streams/log", "sinks"),
    "throughline/cli/terminal": ("sinks/questions", "quality/stewardship", "sources/publish"),
    "throughline/cli/agencies": (
        "throughline/cli/terminal",
        "sources/ingest",
        "schemas/contracts",
        "quality/contracts",
    ),
    "throughline/cli/sources": (
        "throughline/cli/terminal",
        "sources/watch",
        "sources/changes",
        "sources/databases",
        "sources/workbench",
        "quality/conformity",
        "quality/reconciliation",
    ),
    "throughline/cli/boards": ("throughline/cli/terminal", "quality/figures", "sinks/board/pack", "sinks/board"),
    "throughline/cli/operators": (
        "throughline/cli/terminal",
        "throughline/live",
        "throughline/doctor",
        "sources/workbench",
    ),
    "throughline/cli/stewards": (
        "throughline/cli/terminal",
        "quality/letters",
        "quality/reconciliation",
        "sources/publish",
    ),
    "throughline/cli": (
        "throughline/cli/agencies",
        "throughline/cli/sources",
        "throughline/cli/boards",
        "throughline/cli/operators",
        "throughline/cli/stewards",
    ),
    "throughline": ("throughline/cli",),
    "bench/generate": ("schemas/wire/avro",),
    "bench/instruments": ("bench/generate", "streams/join"),
    "bench/peers": ("schemas/wire/avro", "throughline/broker"),
    "bench/live": ("bench/instruments", "bench/peers", "throughline/cli"),
    "bench/bad_data": ("throughline/demo", "quality/checks"),
    "bench/faults": ("throughline/demo", "throughline/broker", "streams/worker"),
    "bench/hostile": ("bench/instruments", "throughline/broker", "streams/worker"),
    "bench/hostile_sources": (
        "bench/hostile",
        "sources/changes",
        "sources/databases",
        "sources/ingest",
        "sources/workbench",
    ),
    "bench/mutation": ("streams/join",),
    "bench/scale": ("schemas/definitions",),
    "bench": ("bench/live", "sources/publish", "sources/databases"),
    "bench/board": ("bench",),
    "bench/ingest": ("sources/publish",),
}

# What every room may import, and what imports nothing: errors, the reading of SQL files, and the version.
GROUND = ("throughline.errors", "throughline.sql", "throughline")

# `throughline/schemas` and its four neighbours are links to these.
TOPS = ("schemas", "sources", "sinks", "streams", "quality", "throughline", "bench")
LINKS = {"schemas", "sources", "sinks", "streams", "quality"}


@dataclass(frozen=True)
class Import:
    """One import: the modules by their dotted names, the file of the importing one (relative) and the line."""

    module: str
    imported: str
    file: Path
    line: int


@cache
def modules() -> dict[str, Path]:
    """Every module of the product and of the benchmarks by its dotted name; packages are named for their folder."""
    found = {}
    for top in TOPS:
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            if parts[0] == "throughline" and parts[1] in LINKS:
                continue
            inside = parts if parts[0] in ("throughline", "bench") else ("throughline", *parts)
            found[".".join(inside[:-1] if inside[-1] == "__init__" else inside)] = file
    return found


def room_of(module: str) -> str:
    """The folder of a module, relative to the root."""
    return modules()[module].parent.relative_to(ROOT).as_posix()


def imports(module: str) -> Iterator[Import]:
    """What a module imports of Throughline and of the benchmarks, also inside functions and for types only."""
    file = modules()[module]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import; write the whole name"
            # `from throughline.a import b` is of throughline.a.b, if that is a module
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            imported = name
            while imported not in modules() and "." in imported:
                imported = imported.rpartition(".")[0]
            if imported in modules() and imported != module:
                yield Import(module, imported, file.relative_to(ROOT), node.lineno)


@cache
def below(room: str) -> frozenset[str]:
    """Every room that `room` may import."""
    return frozenset().union(*({lower} | below(lower) for lower in ROOMS[room]))
