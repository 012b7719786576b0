"""Imports point one way: from the room that knows more to the room that knows less, and never back."""

from __future__ import annotations

import ast
import graphlib
import re

import pytest
from rooms import GROUND, ROOMS, ROOT, Import, below, imports, modules, room_of

EVERY_IMPORT = [one for module in modules() for one in imports(module)]


def arrow(one: Import) -> tuple[str, str]:
    return room_of(one.module), room_of(one.imported)


def leaves_its_room(one: Import) -> bool:
    return one.imported not in GROUND and arrow(one)[0] != arrow(one)[1]


def test_every_room_stands_in_the_order() -> None:
    """A new room says in rooms.py what it may import."""
    found = {room_of(module) for module, file in modules().items() if file.name != "__init__.py"}

    assert found == ROOMS.keys()


def test_a_room_stands_above_what_it_may_import() -> None:
    """So that the order has no circle."""
    order = list(ROOMS)

    assert [(room, lower) for room in ROOMS for lower in ROOMS[room] if order.index(lower) >= order.index(room)] == []


def test_no_import_points_back() -> None:
    """Acceptance knows no wire, the join knows no worker, quality does not know the command."""
    back = [
        f"{one.file}:{one.line} imports {one.imported}: {here} may not import {there}"
        for one in EVERY_IMPORT
        for here, there in [arrow(one)]
        if leaves_its_room(one) and there not in below(here)
    ]

    assert not back, "\n".join(back)


def test_every_arrow_is_that_of_an_import() -> None:
    """The order allows nothing that is not done, or the drawing would show it."""
    used = {arrow(one) for one in EVERY_IMPORT if leaves_its_room(one)}

    allowed = {(room, lower) for room in ROOMS for lower in ROOMS[room]}
    assert allowed - used == set()


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    """Within a room neither, and for types neither."""
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for one in EVERY_IMPORT:
        graph[one.module].add(one.imported)

    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", ["throughline.errors", "throughline.sql", "throughline"])
def test_what_every_room_imports_imports_nothing(module: str) -> None:
    """Errors, the reading of SQL files and the version stand at the bottom."""
    assert list(imports(module)) == []


@pytest.mark.parametrize(
    ("room", "unknown"),
    [
        ("schemas/acceptance", "schemas/wire"),
        ("sources/publish", "sinks"),
        ("sinks/questions", "streams/join"),
        ("streams/join", "streams/worker"),
        ("quality/figures", "throughline/cli/terminal"),
        ("throughline/live", "throughline/cli/terminal"),
    ],
)
def test_the_order_keeps_what_the_design_asks_for(room: str, unknown: str) -> None:
    """Whoever changes the order cannot allow these by the way."""
    assert unknown not in below(room)


def test_no_package_imports_by_a_text() -> None:
    """No `import_module` or `__import__`, which would hide where an import points."""
    hidden = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for module, file in modules().items()
        if not module.startswith("bench")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in ("__import__", "import_module")
    ]

    assert hidden == []


DRAWN = {(room, lower) for room, lowers in ROOMS.items() if not room.startswith("bench") for lower in lowers}


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_drawing_has_the_rooms_and_arrows_of_the_order() -> None:
    """A node is called as its room, with underscores for slashes, and stands in its top folder."""
    (drawing,) = [block for block in blocks("mermaid") if "schemas_acceptance" in block]
    rooms = {name.replace("_", "/") for name in re.findall(r"^\s*(\w+)\[", drawing, re.MULTILINE)}
    arrows = {
        (room.replace("_", "/"), lower.replace("_", "/"))
        for room, lowers in re.findall(r"^\s*(\w+) --> (.+)$", drawing, re.MULTILINE)
        for lower in lowers.split(" & ")
    }

    assert rooms == {room for room in ROOMS if not room.startswith("bench")}
    assert arrows == DRAWN


def test_the_drawing_in_plain_text_has_them_too() -> None:
    """A line for each room: what it may import stands behind the arrow."""
    (drawing,) = [block for block in blocks("text") if "schemas/acceptance" in block]
    lines = [line.split("──>") for line in drawing.splitlines() if line.strip()]
    rooms = {words[0].strip(" ─") for words in lines}
    arrows = {(words[0].strip(" ─"), lower.strip()) for words in lines if words[1:] for lower in words[1].split(",")}

    assert rooms == {room for room in ROOMS if not room.startswith("bench")}
    assert arrows == DRAWN
