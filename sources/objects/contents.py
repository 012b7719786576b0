"""What a log holds, one thing after the other, whatever its file is like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Kind:
    """A type of events or of objects, with the names of its attributes."""

    of: str
    name: str
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Object:
    """An object; `values` are (attribute, time from which it holds, value)."""

    id: str
    type: str
    values: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Event:
    """An event and its attributes, whose values do not change."""

    id: str
    type: str
    time: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Relation:
    """Between an event or object `source` and an object, `of` event or object; `qualifier` says in which role."""

    of: str
    source: str
    object: str
    qualifier: str


@dataclass(frozen=True)
class Value:
    """A value of an object's attribute, where the file has it apart from the object."""

    object: str
    attribute: str
    time: str
    value: str


Content: TypeAlias = Kind | Object | Event | Relation | Value
Contents: TypeAlias = Iterator[Content]
