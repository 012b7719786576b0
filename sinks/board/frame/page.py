"""What a page hands back: its template and what stands in it, never HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """`template` is a file of `sinks/board/templates`; `facts` fill it in; `heading` is its one h1.

    `title` stands in the window, and is the heading unless it is given.
    """

    template: str
    heading: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    status: int = 200


class NotFoundError(Exception):
    """Nothing stands at this address: `what` says so in a sentence, `hint` what to do next."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True)
class Redirect:
    """The reader is sent on to another address of the board."""

    address: str


@dataclass(frozen=True)
class Download:
    """A file for the reader: what is in it, its type (as MIME has it) and its name."""

    content: bytes
    kind: str
    name: str
