"""The older versions of an event type: what changed since, so that events of them can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from throughline.schemas.definitions.entry import Entry, nearest
from throughline.schemas.definitions.yaml_lines import YamlMap


@dataclass(frozen=True)
class Change:
    """A step to the next version: `rename` (old to new), `add` (new) or `remove` (old) of a field."""

    action: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class OlderVersion:
    """A version and the changes that were made to it."""

    version: int
    changes: tuple[Change, ...]


def parse_history(
    entry: Entry, version: int, fields: tuple[str, ...], dictionary: tuple[str, ...]
) -> tuple[OlderVersion, ...]:
    """The `history` of a type with these fields, in the order of versions."""
    older: dict[int, OlderVersion] = {}
    for item in entry.entries("history"):
        item.only("version", "changes")
        number = item.whole("version")
        if number >= version:
            item.fault("version", f"{number} is not older than the type's version, {version}.")
        if number in older:
            item.fault("version", f"{number} stands twice.")
        changes = tuple(change for given in item.entries("changes") for change in _changes(given))
        later = {change.old for change in changes}
        for change in changes:
            if change.new is not None and change.new not in (*fields, *later):
                item.fault("changes", f"`{change.new}` is no field of the type.", nearest(change.new, fields))
            if change.action == "remove" and change.old not in dictionary:
                item.fault("changes", f"`{change.old}` is no field of fields.yaml.", nearest(change.old, dictionary))
        older.setdefault(number, OlderVersion(number, changes))
    return tuple(older[number] for number in sorted(older))


def _changes(given: Entry) -> Iterator[Change]:
    given.only("rename", "add", "remove")
    renamed = given.entry("rename")
    if renamed is not None:
        for old in renamed.map:
            yield Change("rename", old, renamed.text(old))
    for action in ("add", "remove"):
        value = given.map.get(action)
        # `add` may say of each field whether it is required, as `fields` does.
        names = tuple(value) if isinstance(value, YamlMap) else given.texts(action)
        for name in names:
            yield Change("add", None, name) if action == "add" else Change("remove", name, None)
