"""The join as a user of a stream processor with a key-value store writes it, one event at a time.

Nothing of Throughline is used: this runs in the peer's own environment. State by key: `i|kind|value` is the case of
an identifier, `c|case` what is kept of a case. An event whose identifiers are of two cases makes one of them.
"""

from __future__ import annotations

import io
import json
from bisect import bisect_left
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

import fastavro

_LATEST = 2**63 - 1
_AFTER = "\U0010ffff"
# places in a step
_AT, _KEY, _AGENCY, _UNIT, _EFFECT, _TARGET, _KIND, _REASON = 0, 3, 4, 5, 6, 7, 8, 9

Handoff = dict[str, Any]


class Decoder:
    """Avro in single-object encoding to what the join needs of an event."""

    def __init__(self, catalogue: Path) -> None:
        given = json.loads(catalogue.read_text(encoding="utf-8"))
        self.links = frozenset(given["links"])
        self._types = {
            bytes.fromhex(fingerprint): (fastavro.parse_schema(one["schema"]), one)
            for fingerprint, one in given["types"].items()
        }

    def __call__(self, value: bytes) -> dict[str, Any]:
        """The record, with its effect, the columns of its decision and reason read."""
        schema, known = self._types[value[2:10]]
        stream = io.BytesIO(value)
        stream.seek(10)
        record: dict[str, Any] = fastavro.schemaless_reader(stream, schema, None)  # type: ignore[assignment,call-arg]
        decision = record[known["decision"]] if known["decision"] else None
        record["effect"] = next((one for one in known["effects"] if one["when"] in (None, decision)), None)
        reason = record[known["reason"]] if known["reason"] else None
        record["reason"] = "; ".join(sorted(reason)) if isinstance(reason, list) else reason
        return record


class CaseJoin:
    """Joins events into cases and says which handoffs changed; counts what it did."""

    def __init__(self, links: frozenset[str]) -> None:
        self._links = links
        self.holders: Counter[str] = Counter()
        self.duplicates = self.merges = self.emitted = 0

    def __call__(self, event: dict[str, Any], state: Any) -> list[Handoff]:
        """Take one event; the handoffs that are new, that changed, or that are gone."""
        key = f"{event['source']}|{event['id']}"
        ids = [f"{one['kind']}|{one['value']}" for one in event["identifiers"] if one["kind"] in self._links]
        of_id = {identifier: state.get(f"i|{identifier}") for identifier in ids}
        known = list(dict.fromkeys(case for case in of_id.values() if case is not None))
        name = known[0] if known else (ids[0] if ids else f"e|{key}")
        case = state.get(f"c|{name}")
        if case is None:
            case = {"ids": [], "seen": [], "steps": []}
        elif key in case["seen"]:
            self.duplicates += 1
            return []
        else:
            self.holders[holder_of(case["steps"])] -= 1
        changed: list[Handoff] = []
        for other in known[1:]:
            changed += self._merge(case, name, other, state)
        case["seen"].append(key)
        for identifier in ids:
            if of_id[identifier] is None:
                case["ids"].append(identifier)
                state.set(f"i|{identifier}", name)
        if event["effect"] is not None:
            changed += _insert(case["steps"], _step(event, key))
        self.holders[holder_of(case["steps"])] += 1
        state.set(f"c|{name}", case)
        self.emitted += len(changed)
        return changed

    def _merge(self, case: dict[str, Any], name: str, other: str, state: Any) -> list[Handoff]:
        """Put the other case into this one, and point its identifiers here."""
        lost = state.get(f"c|{other}")
        self.merges += 1
        self.holders[holder_of(lost["steps"])] -= 1
        before = {one["sent_event"]: one for one in (*_handoffs(case["steps"]), *_handoffs(lost["steps"]))}
        case["ids"] += lost["ids"]
        case["seen"] += lost["seen"]
        case["steps"] = sorted(case["steps"] + lost["steps"], key=_order)
        for identifier in lost["ids"]:
            state.set(f"i|{identifier}", name)
        state.delete(f"c|{other}")
        after = {one["sent_event"]: one for one in _handoffs(case["steps"])}
        gone = [{"sent_event": sent, "gone": True} for sent in before.keys() - after.keys()]
        return gone + [one for sent, one in after.items() if before.get(sent) != one]


def holder_of(steps: list[list[Any]]) -> str:
    """Who holds a case after its last step."""
    if not steps:
        return "unknown"
    last = steps[-1]
    if last[_EFFECT] == "sends":
        return f"limbo {last[_TARGET]}"
    return "closed" if last[_EFFECT] == "closes" else f"held {last[_AGENCY]}"


def _step(event: dict[str, Any], key: str) -> list[Any]:
    effect, recorded, sequence = event["effect"], event["recorded_at"], event["sequence"]
    order = [event["occurred_at"], _LATEST if recorded is None else recorded, _AFTER if sequence is None else sequence]
    return [
        *(*order, key, event["agency"], event["unit"]),
        *(effect["effect"], effect["target"], effect["kind"], event["reason"]),
    ]


def _order(step: list[Any]) -> list[Any]:
    return step[: _KEY + 1]


def _insert(steps: list[list[Any]], step: list[Any]) -> list[Handoff]:
    """Put a step in its place; only the handoffs of it and of the step before it can change."""
    place = bisect_left(steps, _order(step), key=_order)
    after = steps[place] if place < len(steps) else None
    changed: list[Handoff] = []
    if place:
        before = steps[place - 1]
        old, new = _handoff(before, after), _handoff(before, step)
        if new is not None and new != old:
            changed.append(new)
        elif new is None and old is not None:
            changed.append({"sent_event": old["sent_event"], "gone": True})
    own = _handoff(step, after)
    if own is not None:
        changed.append(own)
    steps.insert(place, step)
    return changed


def _handoffs(steps: list[list[Any]]) -> list[Handoff]:
    found = (_handoff(step, after) for step, after in zip_longest(steps, steps[1:]))
    return [one for one in found if one is not None]


def _handoff(step: list[Any], after: list[Any] | None) -> Handoff | None:
    """The handoff that a step and the one after it make, if any."""
    is_sent = step[_EFFECT] == "sends"
    if is_sent:
        received = after if after is not None and after[_AGENCY] == step[_TARGET] else None
    elif step[_EFFECT] == "closes" or after is None:
        return None
    else:
        units = step[_UNIT], after[_UNIT]
        if after[_AGENCY] == step[_AGENCY] and (None in units or units[0] == units[1]):
            return None
        received = after
    return {
        "sent_event": step[_KEY],
        "from_agency": step[_AGENCY],
        "from_unit": step[_UNIT],
        "to_agency": received[_AGENCY] if received else step[_TARGET],
        "to_unit": received[_UNIT] if received else None,
        "sent_at": step[_AT],
        "received_at": received[_AT] if received else None,
        "kind": step[_KIND] if is_sent else "implied",
        "reason": step[_REASON],
        "limbo_seconds": (received[_AT] - step[_AT]) / 1e6 if received else None,
        "received_event": received[_KEY] if received else None,
    }
