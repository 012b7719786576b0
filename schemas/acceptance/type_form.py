"""What an event type looks like on the wire: the one form that JSON acceptance and Avro compilation share.

Everything here is read from the catalogue; no other module of the codecs looks at the catalogue's classes.
"""

from __future__ import annotations

from dataclasses import dataclass

from throughline.schemas.acceptance.events import EVENTS

# The columns of EVENTS that are fields of `data` on the wire, by their name there.
SHARED = {
    "decision": "decision",
    "reasons": "reason",
    "reference": "reference",
    "answers": "answers",
    "about": "about",
    "holder": "holder",
    "due_at": "due_at",
    "effect_at": "effect_at",
    "enhanced": "enhanced",
    "channel": "channel",
    "victim": "victim",
    "officer": "officer",
}
assert set(SHARED.values()) <= set(EVENTS.names)

# Fields that a catalogue may list for a type, and that are attributes of every event.
ENVELOPE = ("unit", "agency", "identifiers", "correlation", "causation")

# What each shared column holds, whatever a catalogue says of it.
SHARED_KINDS = {
    "reasons": "list<string>",
    "due_at": "timestamp",
    "effect_at": "timestamp",
    "enhanced": "bool",
}


def wire_type(prefix: str, type: str, version: int) -> str:
    """The CloudEvents `type`: the domain's prefix (perhaps empty), catalogue name, version."""
    head = f"{prefix}." if prefix else ""
    return f"{head}{type}.v{version}"


@dataclass(frozen=True, slots=True)
class FieldForm:
    """One field of `data`: its `kind` is string, int, bool, timestamp, date, enum or list<string>.

    `values` are the allowed values in the catalogue's order (empty: any), `column` its EVENTS column, None if
    the field stays in the column `data`.
    """

    name: str
    kind: str
    required: bool
    values: tuple[str, ...]
    doc: str
    column: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeForm:
    """One version of an event type.

    `agency` is None if the publisher says it in `data.agency`; `required_envelope`
    has the attributes that this type must have and others need not (`unit`)."""

    type: str
    version: int
    type_prefix: str
    agency: str | None
    doc: str
    requires: tuple[str, ...]
    fields: tuple[FieldForm, ...]
    required_envelope: frozenset[str] = frozenset()

    @property
    def wire_type(self) -> str:
        """The CloudEvents `type`: prefix, catalogue name, version."""
        return wire_type(self.type_prefix, self.type, self.version)
