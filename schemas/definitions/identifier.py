"""The numbers by which agencies know a case: their normal form, the form of their kind, placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.definitions.entry import Entry, nearest

# marks of no width: soft hyphens, joiners, directions, the mark of byte order
_UNSEEN = (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
# NUL is not among them: an event that has one is refused.
_CONTROL: dict[int, str] = dict.fromkeys((*range(1, 32), 127), " ") | dict.fromkeys(_UNSEEN, "")

PSEUDONYM = re.compile(r"[a-z]+-[0-9a-f]{8,64}")
"""A keyed pseudonym: a letter or word, a hyphen and at least eight hexadecimal digits."""

# What a spreadsheet makes of a number, or a program of a list: digits are lost, or it has what is no part of it.
_MANGLED = re.compile(
    r"""\d(\.\d+)?e\+\d+|\d+\.0+|=.*|['"\u2018\u201c].*|.*['"\u2019\u201d]|\[.*\]""", re.IGNORECASE
).fullmatch

# Applied in the order in which a domain lists them.
NORMALISERS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "strip": str.strip,
    "no_spaces": lambda value: "".join(value.split()),
    "single_spaces": lambda value: " ".join(value.split()),
    "no_slashes": lambda value: value.replace("/", "").replace("\\", ""),
    "no_hyphens": lambda value: value.replace("-", ""),
    "no_leading_zeros": lambda value: value.lstrip("0") or value[:1],
    "alphanumeric": lambda value: "".join(filter(str.isalnum, value)),
    "digits": lambda value: "".join(character for character in value if character in "0123456789"),
}


@dataclass(frozen=True)
class Placeholders:
    """Values that systems write where they know no number: they are kept and never link.

    `values` are compared after upper-casing and stripping; `patterns` with the whole value, upper-cased.
    """

    values: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()

    def __contains__(self, value: str) -> bool:
        bare = value.strip().upper()
        if bare in self.values:
            return True
        # a plain loop: this is asked of every identifier of a bulk load
        for pattern in self.patterns:  # noqa: SIM110
            if pattern.fullmatch(bare) is not None:
                return True
        return False


@dataclass(frozen=True)
class IdentifierKind:
    """A kind of identifier. `pattern` is for the whole normal form; one with `links` false never joins cases.

    What does not have the form `links_as` (RE2; empty: every form) is kept with its event and joins nothing: the form
    is one that a number has, not one that is confirmed. A value with more than `hub_limit` neighbours of one kind, or
    that more than `hub_events` events carry, is a hub: it joins nothing (docs/rules.md, 2). Two values of a kind that
    stands `once` in a case contradict one another: stewards are shown it, and nothing is parted by it. Two numbers that
    stand beside one value of a kind that `bears_out`, each in an event of its own, may be joined by a third event.
    """

    kind: str
    name: str
    pattern: re.Pattern[str] | None
    normalise: tuple[str, ...]
    links: bool
    hub_limit: int
    once: bool
    note: str
    source: str
    placeholders: Placeholders = field(default_factory=Placeholders, repr=False)
    links_as: str = ""
    hub_events: int = 1_000
    bears_out: bool = False

    def normalise_value(self, value: str) -> str:
        """The normal form of a value; '' for one of white space only. A second application changes nothing.

        A placeholder loses only its outer white space and its case, so that it stays known as one ("N/A").
        """
        # What nobody sees inside a number comes from broken exports and copies, and would hide that two are equal.
        normal = value.translate(_CONTROL).strip()
        if normal in self.placeholders:
            return normal.upper()
        # Repeated, because one step may give another something to do, and a normal form must stay as it is.
        for _ in range(4):
            before = normal
            for step in self.normalise:
                normal = NORMALISERS[step](normal)
            normal = normal.strip()
            if normal == before:
                break
        return normal

    def is_well_formed(self, normal: str) -> bool:
        """Whether a normal form has the form of its kind. A placeholder is: it never links."""
        if not normal:
            return False
        if normal in self.placeholders:
            return True
        return not _MANGLED(normal) if self.pattern is None else self.pattern.fullmatch(normal) is not None

    def is_placeholder(self, normal: str) -> bool:
        """Whether a normal form stands for no number at all."""
        return normal in self.placeholders


_KEYS = (
    *("kind", "name", "pattern", "normalise", "links", "links_as", "hub_limit", "hub_events", "once", "bears_out"),
    *("note", "source"),
)


def parse_placeholders(domain: Entry) -> Placeholders:
    """`placeholders` and `placeholder_patterns` of a domain."""
    patterns = [_pattern(domain, "placeholder_patterns", text) for text in domain.texts("placeholder_patterns")]
    return Placeholders(
        values=frozenset(value.strip().upper() for value in domain.texts("placeholders")),
        patterns=tuple(pattern for pattern in patterns if pattern is not None),
    )


def parse_identifiers(domain: Entry, placeholders: Placeholders) -> tuple[IdentifierKind, ...]:
    """The `identifiers` of a domain, in its order: the first is the first choice for an event's case."""
    kinds: dict[str, IdentifierKind] = {}
    entries = domain.entries("identifiers")
    if not entries:
        domain.fault("identifiers", "is missing or empty.", "A domain needs a kind of identifier to join events by.")
    for entry in entries:
        entry.only(*_KEYS)
        kind = entry.text("kind")
        if kind in kinds:
            entry.fault("kind", f"`{kind}` stands twice.")
        for step in entry.texts("normalise"):
            if step not in NORMALISERS:
                entry.fault("normalise", f"`{step}` is not known.", nearest(step, NORMALISERS))
        pattern = entry.text("pattern", needed=False)
        kinds.setdefault(
            kind,
            IdentifierKind(
                kind=kind,
                name=entry.text("name"),
                pattern=_pattern(entry, "pattern", pattern) if pattern else None,
                normalise=tuple(step for step in entry.texts("normalise") if step in NORMALISERS),
                links=entry.flag("links", True),
                links_as=_form(entry, "links_as", entry.text("links_as", needed=False)),
                hub_limit=entry.whole("hub_limit", 20),
                hub_events=entry.whole("hub_events", 1_000),
                once=entry.flag("once"),
                bears_out=entry.flag("bears_out"),
                note=entry.text("note", needed=False),
                source=entry.text("source"),
                placeholders=placeholders,
            ),
        )
    return tuple(kinds.values())


def parse_joins_nothing(domain: Entry) -> tuple[str, ...]:
    """`joins_nothing` of a domain: forms (RE2) of whole values that link under no kind, without regard to case."""
    return tuple(form for text in domain.texts("joins_nothing") if (form := _form(domain, "joins_nothing", text)))


def _form(entry: Entry, key: str, text: str) -> str:
    """A regular expression that the store can ask, by RE2: without look-around and back references; '' for none."""
    try:
        pc.match_substring_regex(pa.array([""]), text)
    except pa.ArrowInvalid as error:
        entry.fault(key, f"`{text}` is no regular expression of RE2: {error}.")
        return ""
    return text


def _pattern(entry: Entry, key: str, text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error as error:
        entry.fault(key, f"`{text}` is no regular expression: {error}.")
        return None
