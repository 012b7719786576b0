"""Made-up event histories over `tests/given/domains/small`, for tests that compare the product with the reference.

One generator serves both uses: `history(seed)` is quick and repeatable, `histories()` is the same under
Hypothesis, which shrinks what it draws. Events are dicts as the reference reads them (see `reference.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from reference_record import Hash, content_hash
from reference_time import Event

RECEIVED = datetime.fromisoformat("2026-07-01T06:00")
AREAS = ("20", "20", "20", "30")
UNITS = {"police": ("CID", "PPU"), "cps": ("RASSO", "MAG"), "advocate": ("IDVA",), "steward": ()}
CHANNELS = (None, "phone", "letter")
OFFENCES = ("{}", *(f'{{"offence":"{name}"}}' for name in ("stalking", "stalking", "assault", "theft")))
HOLDERS = (None, None, "police", "cps", "advocate")
SEQUENCES = (None, None, "9", "10", "010", "Z", "a", "é")
REVISIONS = ("000000000000000001", "000000000000000002", "2026-03-02", "2026-03-02T10:15:00.000000Z")
# Instants at which local days, the clocks and the holidays of Easter 2026 make a difference.
BEGINNINGS = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2026-03-02T10:15",
        "2026-03-28T23:30",
        "2026-03-29T00:59:59.999999",
        "2026-03-31T22:59",
        "2026-03-31T23:00",
        "2026-04-02T16:00",
        "2026-04-03T09:00",
        "2026-01-31T12:00",
        "2025-10-25T23:00",
        "2025-12-24T17:00",
    )
)
WAITS = (
    timedelta(0),
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(minutes=45),
    timedelta(hours=5),
    timedelta(hours=12),
    timedelta(hours=36),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=8, hours=2),
    timedelta(days=31),
)
# type: (weight, decisions, columns that it may carry)
TYPES: dict[str, tuple[int, tuple[str | None, ...], tuple[str, ...]]] = {
    "police.crime.recorded": (6, (None,), ("holder", "channel", "data")),
    "police.file.sent": (6, (None,), ("reference", "reason", "data")),
    "police.suspect.decided": (4, ("nfa", "refer", "bail", "bail"), ("reason", "effect_at")),
    "police.victim.assessed": (2, (None,), ("enhanced", "holder")),
    "police.inquiry.paused": (2, (None,), ()),
    "police.inquiry.resumed": (2, (None,), ()),
    "police.complaint.withdrawn": (1, (None,), ()),
    "police.update.promised": (3, (None,), ("reference", "due_at", "channel")),
    "police.call.attempted": (1, (None,), ("channel",)),
    "police.call.made": (3, (None,), ("answers", "channel")),
    "police.victim.told": (4, (None,), ("about", "answers", "reference", "channel")),
    "cps.file.received": (5, (None,), ("answers", "reference")),
    "cps.file.returned": (4, (None,), ("reason", "reference")),
    "cps.charge.decided": (4, (None, "charge", "no_charge"), ("effect_at", "holder")),
    "cps.victim.told": (2, (None,), ("about", "answers", "channel")),
    "advocate.case.taken": (3, (None,), ("holder",)),
    "advocate.update.requested": (2, (None,), ("reference", "due_at", "holder")),
    "advocate.call.agreed": (1, (None,), ("channel",)),
    "advocate.call.made": (1, (None,), ("answers", "channel")),
}
_WEIGHTED = tuple(name for name, (weight, _, _) in TYPES.items() for _ in range(weight))
_DECISIONS = ("police.suspect.decided", "cps.charge.decided")
_SHARED = ("decision", "reason", "reference", "answers", "about", "holder", "due_at", "effect_at", "enhanced")
_OTHERS = ("channel", "victim", "officer", "correlation", "causation", "revision", "retracts")


def event(type_: str, at: datetime | str, *, id: str, **fields: Any) -> Event:
    """An event with every column: what is not named is null, or plain.

    `at` may be text: a day or a month (`2026-03-02`, `2026-03`), or an instant in UTC (`2026-03-02T10:15`).
    `identifiers` may be a dict of kind and value.
    """
    precision = fields.pop("occurred_precision", "instant")
    if isinstance(at, str):
        precision = {7: "month", 10: "day"}.get(len(at), "instant")
        at = datetime.fromisoformat(at + "-01" if precision == "month" else at)
    agency = fields.get("agency", type_.split(".")[0])
    area = fields.get("area", "20")
    row: Event = {"source": f"urn:test:{area}:{agency}", "id": id, "type": type_, "version": 1, "area": area}
    row |= {"agency": agency, "unit": None, "occurred_at": at, "occurred_precision": precision}
    row |= {"recorded_at": None, "sequence": None, "identifiers": {"crime_ref": "C1"}}
    row |= dict.fromkeys(_SHARED + _OTHERS)
    row |= {"data": "{}", "origin": "history", "position": 1, "received_at": RECEIVED}
    unknown = fields.keys() - row.keys()
    assert not unknown, f"no such columns: {sorted(unknown)}"
    row |= fields
    carried = row["identifiers"]
    pairs = carried.items() if isinstance(carried, dict) else ((one["kind"], one["value"]) for one in carried)
    row["identifiers"] = [{"kind": kind, "value": value} for kind, value in sorted(set(pairs))]
    return row


def act(name: str, at: datetime | str, *, id: str, area: str = "20", officer: str | None = None, **data: str) -> Event:
    """A steward's act (`identifiers.linked`, …) with what it names as data."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return event(f"steward.{name}", at, id=id, area=area, officer=officer, identifiers={}, data=text)


def link(at: datetime | str, left: tuple[str, str], right: tuple[str, str], **fields: Any) -> Event:
    """A steward's act that links two identifiers (kind, value); with `unlink=True`, one that unlinks them."""
    name = "identifiers.unlinked" if fields.pop("unlink", False) else "identifiers.linked"
    named = {"left_kind": left[0], "left_value": left[1], "right_kind": right[0], "right_value": right[1]}
    return act(name, at, **fields, **named)


def on_proposal(name: str, at: datetime | str, proposal: Event, **fields: Any) -> Event:
    """A steward's act on a link that was proposed: `seconded` or `withdrawn`."""
    named = {"proposal_source": proposal["source"], "proposal_id": proposal["id"]}
    return act(f"identifiers.{name}", at, area=proposal["area"], **fields, **named, **json.loads(proposal["data"]))


def resolution(at: datetime | str, copy: Event, hash_of: Hash = content_hash, **fields: Any) -> Event:
    """A steward's act by which the content of `copy` stands."""
    named = {"conflict_source": copy["source"], "conflict_id": copy["id"], "content_hash": hash_of(copy)}
    return act("conflict.resolved", at, **{"area": copy["area"], **fields}, **named)


def _identifiers(random: Random, case: int, placeholders: bool) -> dict[str, str]:
    """Identifiers of one of a few cases; some shared, some that join cases, a hub, placeholders."""
    carried = {}
    for kind, letter, share in (("crime_ref", "C", 0.85), ("urn", "U", 0.6), ("referral", "R", 0.2)):
        if random.random() < share:
            other = random.random()
            number = random.randrange(6) if other < 0.03 else case
            carried[kind] = f"{letter}{number}"
            if other > 0.98:  # kept, and joins nothing: what it is, or by its form
                carried[kind] = "SeeLog" if other < 0.99 else "?1"
            elif other > 0.96 and placeholders:
                carried[kind] = "UNKNOWN"
            elif other > 0.96:
                del carried[kind]
    if random.random() < 0.06:
        carried["referral"] = "HUB"
    if random.random() < 0.1:
        carried["phone"] = "0121"
    return carried


def _time(random: Random, at: datetime) -> dict[str, Any]:
    """An instant, or the label of its day or month; and when it was written down, if that is known."""
    kind = random.random()
    label = {"occurred_at": at, "occurred_precision": "instant"}
    if kind > 0.97:
        unit, day = random.choice(("days", "months")), at.replace(hour=0, minute=0, second=0, microsecond=0)
        label = {"occurred_at": day if unit == "days" else day.replace(day=1)}
        label |= {"occurred_precision": f"{random.choice((2, 3, 12))} {unit}"}
    elif kind > 0.94:
        day = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        label = {"occurred_at": day, "occurred_precision": "month"}
    elif kind > 0.8:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        label = {"occurred_at": day, "occurred_precision": "day"}
    elif kind < 0.01:  # a clock that is years ahead
        label["occurred_at"] = at + timedelta(days=20 * 365)
    recorded = None if random.random() < 0.3 else at + timedelta(hours=random.randrange(4))
    return label | {"recorded_at": recorded, "sequence": random.choice(SEQUENCES)}


def _fields(random: Random, type_: str, at: datetime, decided: list[str]) -> dict[str, Any]:
    """What an event of a type says; any of it may be missing."""
    _, decisions, may_carry = TYPES[type_]
    pools: dict[str, tuple[Any, ...]] = {
        "reason": (None, "statement missing", "disclosure; statement missing"),
        "reference": (None, "A", "B", "C"),
        "answers": (None, None, "A", "B"),
        "about": (None, *decided[-4:], *decided[-4:]),
        "holder": HOLDERS,
        "due_at": (None, at, at + timedelta(hours=12), at + timedelta(days=3)),
        "effect_at": (None, at - timedelta(hours=5), at, at + timedelta(days=1)),
        "enhanced": (None, True, True, False),
        "channel": CHANNELS,
        "data": OFFENCES,
    }
    drawn = {name: random.choice(pools[name]) for name in may_carry}
    return {"decision": random.choice(decisions), **drawn}


def _disturbed(random: Random, one: Event) -> Event:
    """The same id with other content; in another area it is another event."""
    what = random.randrange(6)
    if what == 0 and "month" not in one["occurred_precision"]:  # the label of a month is its first day
        return one | {"occurred_at": one["occurred_at"] + timedelta(days=1)}
    if what == 1:
        return one | {"unit": "OTHER"}
    if what == 2:
        return one | {"identifiers": [{"kind": "crime_ref", "value": f"C{random.randrange(6)}"}]}
    if what == 3:  # what no rule reads is content, too
        name = random.choice(("victim", "officer", "correlation", "causation", "channel", "reason"))
        return one | {name: "v-0000000f" if one[name] is None else None}
    if what == 4:
        return one | {"area": next(area for area in AREAS if area != one["area"])}
    return one | {"data": '{"other":1}'}


def _statements(random: Random, one: Event) -> list[Event]:
    """What a source says of one event at several revisions: the same again, something else, or that it takes it back.

    The revisions come in any order; now and then two of them, or one and none, are alike.
    """
    said, stated = one, []
    for _ in range(random.randrange(1, 5)):
        change = random.randrange(4)
        if change == 0:
            said = random.choice((one, said, _disturbed(random, said)))
        elif change == 1:
            said = said | {"retracts": None if said["retracts"] else True}
        revision = random.choice((None, *REVISIONS))
        if said["retracts"] and revision is None:
            revision = REVISIONS[0]
        stated.append(copy_of(random, said) | {"revision": revision, "recorded_at": one["recorded_at"]})
    return stated


def _acts_on_a_pair(random: Random, at: datetime, area: str, fresh_id: Callable[[], str]) -> list[Event]:
    """A pair that a steward links or unlinks, and what may become of a link: seconded, unlinked, withdrawn.

    Some of that is no good: by the same officer or by none, too early, or on another pair.
    """

    def officer() -> str | None:
        return random.choice((None, "o-00000001", "o-00000002", "o-00000002", "O-00000002", "Smith"))

    pair = [(k, f"{k[0].upper()}{random.randrange(6)}") for k in ("crime_ref", "urn")]
    unlink = random.random() < 0.3
    proposal = link(at, pair[0], pair[1], id=fresh_id(), area=area, officer=officer(), unlink=unlink)
    acts = [proposal]
    for name, share in (("seconded", 0.9), ("seconded", 0.4), ("unlinked", 0.2), ("withdrawn", 0.2)):
        if random.random() < share:
            later = at + random.choice((*WAITS, timedelta(hours=-1)))
            if name == "unlinked":
                acts.append(link(later, pair[1], pair[0], id=fresh_id(), area=area, unlink=True))
                continue
            meant = proposal if random.random() < 0.9 else link(at, *pair[:1] * 2, id=proposal["id"], area=area)
            acts.append(on_proposal(name, later, meant, id=fresh_id(), officer=officer()))
    if random.random() < 0.1:
        acts.append(_disturbed(random, random.choice(acts)))
    return acts


def drawn_history(
    random: Random,
    size: int,
    hash_of: Hash = content_hash,
    placeholders: bool = True,
    areas: tuple[str, ...] = AREAS,
) -> list[Event]:
    """About `size` events of some six cases in each of the areas, with copies, conflicts and stewards' acts.

    `hash_of` is how the product names the content of an event; without `placeholders` (`UNKNOWN`) events are
    as they are once admitted.
    """
    moments = [random.choice(BEGINNINGS) for _ in range(6)]
    decided: list[list[str]] = [[] for _ in moments]
    numbers: dict[tuple[str, str], int] = {}
    events: list[Event] = []

    def fresh_id(area: str, agency: str) -> str:
        # Ids are unique within a source only: the same number of two sources is two events.
        numbers[area, agency] = numbers.get((area, agency), 0) + 1
        return f"{agency[0]}{numbers[area, agency]}"

    for _ in range(size):
        case, area, chance = random.randrange(6), random.choice(areas), random.random()
        moments[case] += random.choice(WAITS)
        at = moments[case]
        if chance < 0.04:
            events += _acts_on_a_pair(random, at, area, lambda area=area: fresh_id(area, "steward"))
            continue
        type_ = random.choice(_WEIGHTED)
        agency = type_.split(".")[0]
        one = event(
            type_,
            at,
            id=fresh_id(area, agency),
            area=area,
            unit=random.choice((None, *UNITS[agency])),
            identifiers=_identifiers(random, case, placeholders),
            **_fields(random, type_, at, decided[case]),
        )
        one |= _time(random, at)
        events.append(one)
        if type_ in _DECISIONS:
            decided[case].append(one["id"])
        if chance > 0.96:
            events.append(_disturbed(random, one))
            if random.random() < 0.5:
                kept = random.choice(events[-2:])
                events.append(resolution(at, kept, hash_of, id=fresh_id(area, "steward")))
        elif chance > 0.9:
            events.append(copy_of(random, one))
        elif chance > 0.84:
            events[-1:] = _statements(random, one)
    return [one | {"position": number} for number, one in enumerate(events, start=1)]


def with_several(random: Random, events: Iterable[Event], share: float = 0.25) -> list[Event]:
    """The same events, of which a share carries further numbers of a kind, of other cases too."""
    given = list(events)
    for one in tuple(given):
        if one["agency"] != "steward" and one["identifiers"] and random.random() < share:
            more = [
                {"kind": kind, "value": f"{kind[0].upper()}{random.randrange(6)}"}
                for kind in random.choice((["crime_ref"], ["urn"], ["crime_ref", "crime_ref"], ["crime_ref", "urn"]))
            ]
            carried = {(each["kind"], each["value"]) for each in [*one["identifiers"], *more]}
            numbers = [{"kind": kind, "value": value} for kind, value in sorted(carried)]
            # copies of it stay copies
            for other, same in enumerate(given):
                if (same["area"], same["source"], same["id"], same["identifiers"]) == (
                    *(one["area"], one["source"], one["id"]),
                    one["identifiers"],
                ):
                    given[other] = same | {"identifiers": numbers}
    return given


def copy_of(random: Random, one: Event) -> Event:
    """The same event read again: written down at another time, or at none that is stated."""
    written = random.choice((None, one["occurred_at"], one["occurred_at"] + timedelta(hours=9)))
    return one | {"recorded_at": written, "origin": "copy"}


def history(
    seed: int,
    size: int = 60,
    hash_of: Hash = content_hash,
    placeholders: bool = True,
    areas: tuple[str, ...] = AREAS,
) -> list[Event]:
    """The history of a seed: the same on every machine and in every year."""
    return drawn_history(Random(seed), size, hash_of, placeholders, areas)


def histories(
    max_size: int = 40, hash_of: Hash = content_hash, placeholders: bool = True
) -> st.SearchStrategy[list[Event]]:
    """Histories for Hypothesis, which shrinks both their size and what was drawn."""
    sizes = st.integers(min_value=1, max_value=max_size)
    return st.builds(drawn_history, st.randoms(use_true_random=False), sizes, st.just(hash_of), st.just(placeholders))


def shuffled(events: Iterable[Event], random: Random) -> list[Event]:
    """The same events in another order."""
    keyed = [(random.random(), number, one) for number, one in enumerate(events)]
    return [one for _, _, one in sorted(keyed, key=lambda item: item[:2])]


def duplicated(events: Iterable[Event], random: Random, share: float = 0.3) -> list[Event]:
    """The same events and then further copies of a share of them, equal in all but the origin."""
    given = list(events)
    return given + [one | {"origin": "again"} for one in given if random.random() < share]


def batches(events: Iterable[Event], random: Random, longest: int = 20) -> list[list[Event]]:
    """The events cut into batches in the order given, each received a minute after the one before it."""
    given = list(events)
    cut: list[list[Event]] = []
    while given:
        length = 1 + random.randrange(longest)
        received = RECEIVED + timedelta(minutes=len(cut))
        cut.append([one | {"received_at": received} for one in given[:length]])
        given = given[length:]
    return cut


def to_table(events: Iterable[Event]) -> pa.Table:
    """The events as a table of EVENTS (`received_at` is the driver's to add)."""
    from throughline.schemas.acceptance.events import EVENTS

    return pa.Table.from_pylist([{name: one[name] for name in EVENTS.names} for one in events], schema=EVENTS)
