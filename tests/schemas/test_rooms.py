"""The rooms of schemas stand in an order: each knows those before it, and none after it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
# acceptance knows neither YAML nor a domain nor bytes: it is given rules
ROOMS = ["acceptance", "definitions", "wire.avro", "wire", "pages"]


def room_of(module: str) -> str | None:
    """The room of a dotted name within schemas."""
    return next((room for room in ROOMS if module.startswith(f"throughline.schemas.{room}.")), None)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_those_before_it(room: str) -> None:
    """Also inside functions and for types only."""
    files = sorted((SCHEMAS / room.replace(".", "/")).glob("*.py"))
    assert len(files) > 1
    imported = [
        (file.name, node.module)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("throughline.schemas.")
    ]
    allowed = ROOMS[: ROOMS.index(room) + 1]

    assert [(file, module) for file, module in imported if room_of(module) not in allowed] == []
