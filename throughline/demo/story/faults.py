"""What goes wrong in a feed: copies sent again, copies that differ, and records that cannot be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from throughline.demo.story.case import Publication
from throughline.demo.story.chance import Chance
from throughline.demo.story.instants import HOUR, instant_text

Event = dict[str, Any]
Spoil = Callable[[Event, frozenset[str]], bool]
"""Spoils an event in place, given the names of its required fields; False if it cannot, nothing done."""

COPIES = 0.004
CONFLICTS = 0.0006
SPOILT = 0.0004  # of each kind
ENOUGH = 100  # events of a system from which on there is at least one fault of each kind in police records


@dataclass(frozen=True)
class Fault:
    """A fault that was put in on purpose.

    `kind`: copy, conflict, malformed_urn, unknown_type, missing_field or year_26. `reason` is the code with
    which the reader rejects the record; None for copy and conflict, which show only beside the other copy.
    """

    system: str
    source: str
    id: str
    kind: str
    reason: str | None


def _malformed_urn(event: Event, _required: frozenset[str]) -> bool:
    identifiers = event["data"]["identifiers"]
    if "urn" not in identifiers:
        return False
    # Into a new object: one object of identifiers may serve several events.
    event["data"]["identifiers"] = identifiers | {"urn": identifiers["urn"][:-3] + "?"}
    return True


def _unknown_type(event: Event, _required: frozenset[str]) -> bool:
    event["type"] = event["type"].rpartition(".")[0] + "_old.v1"
    return True


def _missing_field(event: Event, required: frozenset[str]) -> bool:
    data = event["data"]
    for name in data:
        if name in required:
            del data[name]
            return True
    return False


def _year_26(event: Event, _required: frozenset[str]) -> bool:
    if "time" not in event:
        return False
    event["time"] = "00" + event["time"][2:]
    return True


SPOILERS: dict[str, tuple[str, Spoil]] = {
    "malformed_urn": ("malformed_identifier", _malformed_urn),
    "unknown_type": ("unknown_type", _unknown_type),
    "missing_field": ("missing_field", _missing_field),
    "year_26": ("time_out_of_range", _year_26),
}


def put_faults_in(
    system: str, publications: list[Publication], required: Mapping[str, frozenset[str]], until: int, chance: Chance
) -> list[Fault]:
    """Spoil some events in place and append copies of others; gives what was done.

    `publications` is one system's, in any order; `required` the required fields by type on the wire. An event
    gets one fault at most, and no copy is recorded after `until`.
    """
    count = len(publications)
    least = 1 if system == "police_rms" and count >= ENOUGH else 0
    touched: set[int] = set()
    faults: list[Fault] = []

    def put(kind: str, reason: str | None, share: float, change: Callable[[Publication], bool]) -> None:
        for _ in range(max(least, int(count * share + chance.next()))):
            start = int(chance.next() * count)
            for place in (*range(start, count), *range(start)):
                if place not in touched and change(publications[place]):
                    touched.add(place)
                    _, event_id, event = publications[place]
                    faults.append(Fault(system, event["source"], event_id, kind, reason))
                    break

    for kind, (reason, spoil) in SPOILERS.items():
        put(kind, reason, SPOILT, lambda one, spoil=spoil: spoil(one[2], required[one[2]["type"]]))  # type: ignore[misc]

    def send_again(original: Publication, changes: Event) -> bool:
        recorded, event_id, event = original
        later = min(recorded + int(chance.next() * 48 * HOUR), until)
        copy = event | {"data": event["data"] | changes}
        if chance.share(0.5):  # others are the same to the byte
            copy["recordedtime"] = instant_text(later)
        publications.append((later, event_id, copy))
        return True

    put("copy", None, COPIES, lambda one: send_again(one, {}))
    put("conflict", None, CONFLICTS, lambda one: send_again(one, {"unit": one[2]["data"]["unit"] + "X"}))
    return faults
