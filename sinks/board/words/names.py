"""What the domain calls things: agencies, areas, types of events, coded values, kinds of identifiers, standards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from zoneinfo import ZoneInfo

from throughline.quality.letters.template import spaced
from throughline.schemas.definitions.catalogue import EventType
from throughline.schemas.definitions.domain import Domain

_PLACE = re.compile(r"\{(decision|reason|channel|holder)\}")
_UNSAID = {
    "decision": "not stated",
    "reason": "no reason given",
    "channel": "channel not stated",
    "holder": "not stated",
}
_CAPITALS = {"urn", "cps", "pcd", "mg3", "asn", "pnc", "nfa", "vrr", "rui", "idva", "isva"}
_TRACE = {
    "clock_overdue": "Overdue",
    "limbo_unacknowledged": "Sent, and nobody acknowledged it",
    "contact_broken": "A contact was promised or asked for, and did not happen",
    "decision_not_told": "The victim has not been told of a decision",
    "each_points_at_other": "Each says that the other has the case",
    "both_claim": "Both say that they have the case",
    "differ": "They name different holders",
    "conflict": "One event was published twice with different content",
}


class Names:
    """The words of one domain. A code that the domain does not know is said as words, never as an error."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self.zone = ZoneInfo(domain.time_zone)
        self.title = domain.title

    @cached_property
    def agencies(self) -> dict[str, str]:
        """Every agency of the domain that can have a case, by id, in the domain's order."""
        found = self._domain.agencies or {}
        return {id_: agency.name for id_, agency in found.items() if agency.role != "steward"}

    @cached_property
    def areas(self) -> dict[str, str]:
        return dict(sorted((self._domain.areas or {}).items(), key=lambda one: one[1]))

    def agency(self, id_: str | None) -> str:
        """`Crown Prosecution Service`; somebody not known, where there is none."""
        if id_ is None:
            return "Not known"
        agency = (self._domain.agencies or {}).get(id_)
        return spaced(id_) if agency is None else agency.name

    def called(self, id_: str | None) -> str:
        """The agency within a sentence: `the CPS`, `police`."""
        agency = (self._domain.agencies or {}).get(id_ or "")
        return (agency.called or agency.name) if agency else "somebody" if id_ is None else id_.replace("_", " ")

    def area(self, code: str | None) -> str:
        return "Not known" if code is None else (self._domain.areas or {}).get(code, code)

    def feed(self, text: str) -> str:
        """A source, or a text that begins with one, by its agency, areas and system: `Police (West Midlands, rms)`."""
        source, blank, rest = text.partition(" ")
        parts = source.split(":")
        agencies = [part for part in parts if part in (self._domain.agencies or {})]
        if not agencies:
            return text
        own = parts[parts.index(agencies[0]) + 1 :]
        places = ", ".join(
            self.area(part) if part in (self._domain.areas or {}) else part.replace("-", " ") for part in own
        )
        return f"{self.agency(agencies[0])}{f' ({places})' if places else ''}{blank}{rest}"

    def identifier(self, kind: str) -> str:
        """The name of a kind of identifier, without what stands in brackets."""
        named = next((one.name for one in self._domain.identifiers if one.kind == kind), spaced(kind))
        return re.sub(r" \(.*\)$", "", named)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of identifiers that join cases, the first choice for naming a case first."""
        return tuple(one.kind for one in self._domain.identifiers if one.links)

    def short_kind(self, kind: str) -> str:
        """The kind in a word or two, before a value: `URN`, `Crime ref`, `CPS case id`."""
        words = [word.upper() if word in _CAPITALS else word for word in kind.split("_")]
        said = " ".join(words)
        return said[:1].upper() + said[1:]

    def brief(self, type_: str) -> str:
        """What an event of this type is, in a sentence."""
        known = self._domain.types.get(type_)
        return spaced(type_.rpartition(".")[2]) if known is None else known.brief

    def matter(self, kind: str) -> str:
        """What an alert or a contradiction of this kind is."""
        return _TRACE.get(kind) or spaced(kind)

    def event(self, type_: str, said: Mapping[str, str | None]) -> str:
        """What happened, in the catalogue's phrase, with the labels of `decision`, `reason`, `channel` and `holder`."""
        known = self._domain.types.get(type_)
        if known is None:
            return spaced(type_.replace(".", "_"))

        def label(found: re.Match[str]) -> str:
            name = found[1]
            value = said.get(name)
            if value is None:
                return _UNSAID[name]
            return self.agency(value) if name == "holder" else lowered(self._labels(known, name, value))

        return _PLACE.sub(label, known.summary)

    def reason(self, type_: str, reason: str | None) -> str | None:
        """Reasons as labels, where the phrase of the type does not say them already."""
        known = self._domain.types.get(type_)
        is_said = known is not None and "{reason}" in known.summary
        return None if reason is None or is_said else self.reasons(type_, reason)

    def reasons(self, type_: str, reason: str) -> str:
        """Reasons as labels."""
        known = self._domain.types.get(type_)
        return reason.replace("_", " ") if known is None else self._labels(known, "reason", reason)

    def decision(self, type_: str, value: str | None) -> str:
        known = self._domain.types.get(type_)
        if value is None:
            return "not stated"
        return spaced(value) if known is None else self._labels(known, "decision", value)

    def channel(self, value: str | None) -> str:
        return "not stated" if value is None else self._label(("channels",), None, value)

    def _labels(self, known: EventType, name: str, value: str) -> str:
        """The labels of a value of a field, or of several values joined by `; `."""
        field = known.fields.get("reasons" if name == "reason" else name)
        shared = self._domain.fields.get("reasons" if name == "reason" else name)
        enums = tuple(one.enum for one in (field, shared) if one is not None and one.enum is not None)
        values = None if field is None else field.values
        return "; ".join(self._label(enums, values, one) for one in value.split("; "))

    def _label(self, enums: tuple[str, ...], values: tuple[str, ...] | None, value: str) -> str:
        """From the list of the field, else from a list that has all the values that the field may have."""
        for name in enums:
            if (label := self._domain.enums[name].labels.get(value)) is not None:
                return label
        if values:
            for enum in self._domain.enums.values():
                if value in enum.labels and set(values) <= enum.labels.keys():
                    return enum.labels[value]
        # no list has it: short names that people of the field say by their letters stay so
        return raised(" ".join(word.upper() if word in _CAPITALS else word for word in value.split("_")))


def lowered(words: str) -> str:
    """With a small first letter, as within a sentence; a word in capitals, such as CPS, stays."""
    first = words.split(" ", 1)[0]
    return words if len(first) > 1 and not first[1:].islower() else words[:1].lower() + words[1:]


def raised(words: str) -> str:
    """With a capital, as at the beginning of a sentence."""
    return words[:1].upper() + words[1:]
