"""Kinds of bad data: bytes that were damaged on their way, or written as another encoding."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import orjson

from bench.bad_data.kind import (
    Edits,
    Event,
    changing,
    everywhere,
    from_a_day_on,
    having,
    hurts,
    line_of,
    of_one_source,
    some,
    stating,
)


def _some_lines(events: list[Event], chance: Random, change: Callable[[bytes], bytes]) -> Edits:
    return changing(events, some(everywhere(events), chance), lambda event: change(line_of(event).removesuffix(b"\n")))


def _some_units(events: list[Event], chance: Random, unit: str) -> Edits:
    return changing(events, some(having(events, "unit"), chance), lambda event: stating(event, unit=unit))


@hurts("validity")
def mojibake(events: list[Event], chance: Random) -> Edits:
    """UTF-8 was read as Latin-1 and written as UTF-8 once more."""
    return _some_units(events, chance, "Ynys Môn".encode().decode("latin-1"))


@hurts("validity")
def letters_replaced(events: list[Event], chance: Random) -> Edits:
    """A letter that could not be read was replaced by U+FFFD."""
    return _some_units(events, chance, "Ynys M\ufffdn")


@hurts("validity")
def written_as_latin_1(events: list[Event], chance: Random) -> Edits:
    """The line is Latin-1, which is no UTF-8."""
    places = some(having(events, "unit"), chance)
    return changing(events, places, lambda event: line_of(stating(event, unit="Ynys Môn")).decode().encode("latin-1"))


@hurts("validity")
def nul_character(events: list[Event], chance: Random) -> Edits:
    """A text ends in U+0000, as C has it."""
    return _some_units(events, chance, "20PP\x00")


@hurts("validity")
def byte_order_mark_inside(events: list[Event], chance: Random) -> Edits:
    """Files were put together, and the mark of each stands before a line."""
    return _some_lines(events, chance, lambda line: b"\xef\xbb\xbf" + line + b"\n")


@hurts("completeness")
def lines_truncated(events: list[Event], chance: Random) -> Edits:
    """A line ends after three quarters."""
    return _some_lines(events, chance, lambda line: line[: len(line) * 3 // 4] + b"\n")


@hurts("completeness")
def line_ends_lost(events: list[Event], chance: Random) -> Edits:
    """A line goes on with the next."""
    return _some_lines(events, chance, lambda line: line)


@hurts("validity")
def single_quotes(events: list[Event], chance: Random) -> Edits:
    """From a day on, one source prints its records instead of writing JSON."""
    places = of_one_source(events, everywhere(events), chance)
    return changing(
        events,
        from_a_day_on(events, places, chance),
        lambda event: repr(orjson.loads(line_of(event))).encode() + b"\n",
    )


@hurts("validity")
def record_too_large(events: list[Event], chance: Random) -> Edits:
    """A record brings an attachment along."""
    return changing(events, some(everywhere(events), chance), lambda event: stating(event, attachment="A" * 300_000))
