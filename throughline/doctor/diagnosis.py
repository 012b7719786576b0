"""A diagnosis: one line on one part of a deployment, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from throughline.errors import ThroughlineError

State = Literal["ok", "look", "wrong", "not asked"]


@dataclass(frozen=True)
class Diagnosis:
    """How a part is: `look` is for a person to judge, `wrong` ends the command with `exit_code` (1 or 70)."""

    part: str
    state: State
    said: str
    hint: str = ""
    exit_code: int = 0


def told(part: str, look: Callable[[], Iterable[Diagnosis]]) -> list[Diagnosis]:
    """What a look finds; an error of ours that ends it is a finding too."""
    found: list[Diagnosis] = []
    try:
        found.extend(look())
    except ThroughlineError as error:
        found.append(wrong(part, error))
    return found


def wrong(part: str, error: ThroughlineError) -> Diagnosis:
    return Diagnosis(part, "wrong", error.what, error.hint, 70 if error.exit_code == 70 else 1)


def exit_code_of(found: Iterable[Diagnosis]) -> int:
    """70 where the machinery fails, else 1 where something that was given is wrong, else 0."""
    return max((one.exit_code for one in found), default=0)
