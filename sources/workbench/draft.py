"""A draft of a mapping: its parts with their evidence, what is left to decide, and the file that says both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughline.errors import UsageError
from throughline.schemas.definitions.entry import nearest
from throughline.sources.mapping.mapping import UNDECIDED

LEAVE_OUT = "leave out"
_WIDTH = 110
_CHOICES = 8
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./ -]*[A-Za-z0-9_]|[A-Za-z]").fullmatch
_READ_OTHERWISE = frozenset(("null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True)
class Decision:
    """Something that only a person can know: where it stands in the mapping, what it could be, and why it is open."""

    key: str
    choices: tuple[str, ...]
    why: str


@dataclass
class Answers:
    """What was decided already, by key, and what is asked for while a draft is made."""

    given: Mapping[str, str] = field(default_factory=dict)
    asked: list[Decision] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def ask(self, key: str, choices: Sequence[str], why: str) -> str:
        """The answer, or the mark that keeps the draft from being used, with what it could be."""
        if (said := self.said(key)) is not None:
            return said
        self.asked.append(Decision(key, tuple(choices), why))
        rest = " | …" if len(choices) > _CHOICES else ""
        return f"{UNDECIDED} {' | '.join(choices[:_CHOICES])}{rest}"

    def said(self, key: str) -> str | None:
        """The answer that was given, if one was."""
        if key in self.given:
            self.taken.add(key)
        return self.given.get(key)

    def refuse_unread(self) -> None:
        """Raise UsageError for an answer to something that was not asked."""
        unread = self.given.keys() - self.taken
        if unread:
            known = [*(one.key for one in self.asked), *self.taken]
            name = min(unread)
            raise UsageError(f"Nothing is to be decided as `{name}`.", hint=nearest(name, known))


@dataclass(frozen=True)
class Part:
    """A key of the mapping with its value (text, list, or dict of these), and the sentences that stand above it.

    Without a key there are only sentences."""

    key: str
    value: Any
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A mapping as far as it can be told. `parts` stand in the order of the file; `decisions` are open."""

    head: tuple[str, ...]
    parts: tuple[Part, ...]
    decisions: tuple[Decision, ...]

    def text(self) -> str:
        """The mapping file, YAML."""
        lines = [*_comments(self.head)]
        for part in self.parts:
            if part.comments:
                lines += ["", *_comments(part.comments)]
            lines += _lines(part.key, part.value, 0) if part.key else []
        return "\n".join(lines) + "\n"


def _comments(sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences:
        indent, line = "", ""
        # a name may have a line break, which would end the comment
        for word in "".join(c if c.isprintable() else repr(c)[1:-1] for c in sentence).split(" "):
            if line and len(line) + len(word) > _WIDTH:
                yield f"# {line}".rstrip()
                line, indent = "", "  "
            line = f"{line} {word}" if line else f"{indent}{word}"
        yield f"# {line}".rstrip()


def _lines(key: str, value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    flow = f"{pad}{scalar(key)}: {_flow(value)}"
    if not isinstance(value, dict | list) or not value:
        return [flow]
    is_deep = isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
    if len(flow) <= _WIDTH and not is_deep and not any(isinstance(one, Noted) for one in value):
        return [flow]
    if isinstance(value, list):
        lines = [f"{pad}{scalar(key)}:"]
        for one in value:
            note = f"   # {one.note}" if isinstance(one, Noted) else ""
            lines.append(f"{pad}  - {_flow(one)}{note}")
        return lines
    return [f"{pad}{scalar(key)}:", *(line for name, one in value.items() for line in _lines(name, one, depth + 1))]


class Noted(str):
    """A text in a list with a note behind it."""

    note: str

    def __new__(cls, text: str, note: str) -> Noted:
        made = super().__new__(cls, text)
        made.note = note
        return made


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar(str(value))


def scalar(text: str) -> str:
    """A text as YAML: plain where nothing else could be read in it."""
    if _PLAIN(text) and text.lower() not in _READ_OTHERWISE and " #" not in text:
        return text
    # YAML takes the text forms of JSON; a line break would be folded
    return json.dumps(text, ensure_ascii=not text.isprintable())
