"""The catalogue: what can happen. Fields, lists of values, types of events and what they do to a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD_TYPES = ("string", "int", "bool", "timestamp", "date", "enum", "list<string>")
SENSITIVITIES = ("public", "shared", "restricted")
EFFECTS = ("holds", "receives", "sends", "closes")
CONTACTS = ("promised", "requested", "agreed", "attempted", "made", "told")
# What a summary may show, and the field of the type that it shows.
SUMMARY_FIELDS = {"decision": "decision", "reason": "reasons", "channel": "channel", "holder": "holder"}
# Fields that are columns of the timeline and of what is derived from it: whoever sees a case sees them.
ALWAYS_SHOWN = frozenset(
    [
        *("decision", "reasons", "reference", "answers", "about", "holder", "due_at", "effect_at", "enhanced"),
        *("channel", "unit", "agency"),
    ]
)
# Attributes of every event, which a type may list to make one of them required.
ENVELOPE = ("unit", "agency", "identifiers", "correlation", "causation")


@dataclass(frozen=True)
class Enum:
    """A list of values; `labels` says what each means, in the order of the list."""

    name: str
    doc: str
    source: str
    labels: Mapping[str, str]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(self.labels)


@dataclass(frozen=True)
class Field:
    """A field of the domain's dictionary. `type` is one of FIELD_TYPES; `values` null: any value will do."""

    name: str
    type: str
    enum: str | None = None
    values: tuple[str, ...] | None = None
    unit: str | None = None
    sensitivity: str = "shared"
    doc: str = ""


@dataclass(frozen=True)
class TypeField(Field):
    """A field as one event type uses it: whether it must be there, and the values that the type allows.

    `enum` is null where these are not the whole list.
    """

    required: bool = False


@dataclass(frozen=True)
class Effect:
    """What an event does to who holds the case (docs/rules.md, section 3).

    `effect` is holds, receives, sends or closes; `target` the agency that it `sends` to, else null;
    `kind` that of the handoff; `when` the values of `decision` for which it applies, null for all.
    """

    effect: str
    target: str | None
    kind: str
    when: tuple[str, ...] | None


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


@dataclass(frozen=True)
class EventType:
    """A type of event. `agency_any`: each event states its agency; else it is the type's first segment.

    `requires`: at least one of these kinds of identifier must be there; none is needed where it is empty.
    """

    type: str
    version: int
    brief: str
    note: str
    owner: str
    agency_any: bool
    since: str
    identifiers: tuple[str, ...]
    requires: tuple[str, ...]
    fields: Mapping[str, TypeField]
    effects: tuple[Effect, ...]
    contact: str | None
    is_decision: bool
    summary: str
    sensitivity: str
    source: tuple[str, ...]
    example: Mapping[str, Any]
    history: tuple[OlderVersion, ...] = ()

    @property
    def agency(self) -> str:
        """The agency that publishes it, or `any`."""
        return "any" if self.agency_any else self.type.split(".")[0]

    @property
    def shareable(self) -> tuple[str, ...]:
        """Names of the fields that others may see: those that are not restricted, and none where the type is."""
        if self.sensitivity == "restricted":
            return ()
        return tuple(field.name for field in self.fields.values() if field.sensitivity != "restricted")

    @property
    def decisions(self) -> tuple[str, ...] | None:
        """The values that `decision` may have; null where any may, () where the type has no decision."""
        field = self.fields.get("decision")
        return () if field is None else field.values
