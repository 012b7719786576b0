"""What changed between two meetings: by hand, and as a plain walk over the events says."""

from __future__ import annotations

import os
from datetime import datetime
from random import Random
from typing import Any

import pytest
from histories import Event, batches, event, history, shuffled
from joined import RULES, emptied, filled, learn_hashes, product_hash
from reference_holder import state_of, steps
from reference_record import accepted, case_id, histories_of

from throughline.errors import UsageError
from throughline.sinks.measures.meeting import SECTIONS, changes, counts
from throughline.sinks.store import Store

SEEDS = range(int(os.environ.get("THROUGHLINE_HISTORIES", "120")) // 30)
SINCE, UNTIL = (datetime.fromisoformat(f"2026-03-{day}T23:59:59.999999") for day in (10, 20))
DAY = 86_400.0
RECORDED = event("police.crime.recorded", "2026-03-02T10:00", id="recorded", unit="CID")
SENT = event("police.file.sent", "2026-03-12T10:00", id="sent")
TAKEN = event("cps.file.received", "2026-03-14T10:00", id="taken", unit="RASSO")
RETURNED = event("cps.file.returned", "2026-03-16T10:00", id="returned")
HELD_AGAIN = event("police.crime.recorded", "2026-03-18T10:00", id="again", unit="CID")
NFA = event("police.suspect.decided", "2026-03-15T10:00", id="nfa", decision="nfa")


def changed(*events: Event, since: datetime = SINCE, until: datetime = UNTIL) -> dict[str, list[dict[str, Any]]]:
    """What changed in the one store of these events, by section."""
    store = filled(emptied(), [list(events)])
    return {name: table.to_pylist() for name, table in changes(store.connection, since, until).items()}


def outcomes(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: [row["outcome"] for row in rows] for name, rows in found.items() if rows}


def at(one: Event, day: str) -> Event:
    return one | {"id": f"{one['id']} {day}", "occurred_at": datetime.fromisoformat(f"2026-03-{day}T10:00")}


def of(case: str, *events: Event) -> list[Event]:
    """The events in another case."""
    carried = [{"kind": "crime_ref", "value": case}]
    return [one | {"id": f"{one['id']} {case}", "identifiers": carried} for one in events]


def test_a_case_that_began() -> None:
    """On the 12th; one of the 2nd is not new, and one of the 22nd had not begun."""
    found = changed(*of("C1", at(RECORDED, "12")), *of("C2", RECORDED), *of("C3", at(RECORDED, "22")))

    assert (outcomes(found)["new"], outcomes(found)["older"]) == (["held"], ["held"])
    assert (found["new"][0]["agency"], found["new"][0]["area"]) == ("police", "20")


def test_the_first_day_is_over_and_the_second_counts_whole() -> None:
    first = RECORDED | {"occurred_at": SINCE}
    last = RECORDED | {"occurred_at": UNTIL}

    found = changed(*of("C1", first), *of("C2", last))

    assert [[row["began_at"] for row in found["new"]], [row["had_since"] for row in found["older"]]] == [
        [UNTIL],
        [SINCE],
    ]


def test_a_case_that_lies_where_it_lay_has_grown_older() -> None:
    (row,) = changed(RECORDED)["older"]

    assert (row["agency"], row["unit"], row["had_since"]) == ("police", "CID", RECORDED["occurred_at"])
    assert (round(row["seconds_then"] / DAY, 3), round(row["seconds"] / DAY, 3)) == (8.583, 18.583)


def test_another_unit_of_the_same_agency_does_not_make_it_young() -> None:
    (row,) = changed(RECORDED, at(RECORDED, "12") | {"unit": "PPU"})["older"]

    assert (row["unit"], row["had_since"]) == ("PPU", RECORDED["occurred_at"])


@pytest.mark.parametrize(
    ("events", "outcome", "between"),
    [
        ([RECORDED, SENT], "into_limbo", ("police", "cps")),
        ([RECORDED, SENT, TAKEN], "changed_hands", (None, "cps")),
        ([RECORDED, SENT, TAKEN, RETURNED, HELD_AGAIN], "came_back", (None, "police")),
        ([RECORDED, at(SENT, "08"), TAKEN], "out_of_limbo", (None, "cps")),
        ([RECORDED, at(SENT, "08"), at(SENT, "18")], "sent_again", ("police", "cps")),
        ([RECORDED, at(NFA, "05"), HELD_AGAIN], "reopened", (None, "police")),
        ([RECORDED, NFA, HELD_AGAIN], "came_back", (None, "police")),
    ],
)
def test_a_case_that_moved(events: list[Event], outcome: str, between: tuple[str | None, str]) -> None:
    found = changed(*events)

    assert [(row["outcome"], row["from_agency"], row["agency"]) for row in found["moved"]] == [(outcome, *between)]
    assert (found["older"], found["ended"]) == ([], [])


def test_a_case_that_waits_between_the_same_two_has_grown_older() -> None:
    (row,) = changed(RECORDED, at(SENT, "08"))["older"]

    assert (row["outcome"], row["from_agency"], row["agency"]) == ("limbo", "police", "cps")


def test_a_case_that_ended() -> None:
    """Open then, or begun since; one that had ended is no news, and one that was opened again is not ended."""
    found = changed(
        *of("C1", RECORDED, NFA),
        *of("C2", at(RECORDED, "12"), NFA),
        *of("C3", RECORDED, at(NFA, "05")),
        *of("C4", RECORDED, NFA, HELD_AGAIN),
    )

    assert sorted(outcomes(found)["ended"]) == ["was_new", "was_open"]
    assert outcomes(found)["new"] == ["closed"]


def test_what_became_overdue_and_what_was_done_late() -> None:
    """A promise for the 12th that nobody kept, one for the 8th kept on the 15th, and one broken before."""
    promise = event("police.update.promised", "2026-03-05T10:00", id="promise", reference="A")
    due = {day: datetime.fromisoformat(f"2026-03-{day}T17:00") for day in ("08", "12")}
    call = event("police.call.made", "2026-03-15T10:00", id="call", answers="A")

    found = changed(
        *of("C1", promise | {"due_at": due["12"]}),
        *of("C2", promise | {"due_at": due["08"]}, call),
        *of("C3", promise | {"due_at": due["08"]}),
    )
    promises = [row for row in found["due"] if row["owes"] == "promise"]

    assert [(row["outcome"], row["was_overdue"], row["due_at"]) for row in promises] == [
        ("overdue", False, due["12"]),
        ("late", True, due["08"]),
    ]


def test_decisions_and_whether_they_were_told_by_then() -> None:
    """One was told on the 16th, one on the 22nd, which is too late to be known."""
    told = event("police.victim.told", "2026-03-16T10:00", id="told")

    found = changed(
        *of("C1", NFA),
        *of("C2", NFA, told | {"about": "nfa C2"}),
        *of("C3", NFA, at(told, "22") | {"about": "nfa C3"}),
        *of("C4", at(NFA, "05")),
    )

    assert outcomes(found)["told"] == ["not_told", "not_told", "told"]


def test_counts_are_of_cases() -> None:
    """By any column; the first row is all of them, each once."""
    store = filled(emptied(), [[*of("C1", RECORDED), *of("C2", RECORDED, SENT)]])
    table = changes(store.connection, SINCE.replace(day=1), UNTIL)["new"]

    assert counts(table, "outcome").to_pylist() == [
        {"outcome": None, "cases": 2},
        {"outcome": "held", "cases": 1},
        {"outcome": "limbo", "cases": 1},
    ]


def test_the_days_stand_in_their_order() -> None:
    with pytest.raises(UsageError, match="before the second"):
        changes(emptied().connection, UNTIL, UNTIL)


def walked(events: list[Event], since: datetime, until: datetime) -> dict[str, set[tuple[Any, ...]]]:
    """The same in plain Python: each case step by step, as it stood at the end of each day and between."""
    learn_hashes(events)
    found: dict[str, set[tuple[Any, ...]]] = {"new": set(), "ended": set(), "older": set(), "moved": set()}
    for key, known in histories_of(accepted(events, RULES, product_hash)[0], RULES).items():
        before, after = ([one for one in known if one["occurred_at"] <= day] for day in (since, until))
        if not after:
            continue
        name = case_id(key)
        now = state_of(after, RULES)
        then = state_of(before, RULES) if before else {"state": "unknown"}
        if after[0]["occurred_at"] > since:
            found["new"].add((name, now["state"]))
        if now["state"] == "closed" and then["state"] != "closed":
            was = "was_open" if then["state"] in ("held", "limbo") else None
            was = was or ("was_new" if after[0]["occurred_at"] > since else "was_unknown")
            found["ended"].add((name, was, now["closed_at"]))
        if now["state"] not in ("held", "limbo") or then["state"] == "unknown":
            continue
        has, had = (one.get("holder_agency") or one.get("awaiting_agency") for one in (now, then))
        if then["state"] == "closed":
            found["moved"].add((name, "reopened", has))
            continue
        walk = [step for step in steps(after, RULES) if step["occurred_at"] > since]
        if (then["state"], had) != (now["state"], has):
            what = {
                ("held", "held"): "changed_hands",
                ("held", "limbo"): "into_limbo",
                ("limbo", "held"): "out_of_limbo",
                ("limbo", "limbo"): "sent_again",
            }[then["state"], now["state"]]
            found["moved"].add((name, what, has))
        elif now["state"] == "limbo":
            found["moved" if walk else "older"].add((name, "sent_again" if walk else "limbo", has))
        elif all(step["agency"] == had and step["effect"] in ("holds", "receives") for step in walk):
            found["older"].add((name, "held", has))
        else:
            found["moved"].add((name, "came_back", has))
    return found


def drawn(seed: int) -> tuple[Store, list[Event], datetime, datetime]:
    random = Random(seed)
    events = history(seed, 60, product_hash, placeholders=False)
    store = filled(emptied(), batches(shuffled(events, random), random, longest=1000), in_bulk=True)
    since, until = sorted(random.sample(sorted({one["occurred_at"] for one in events}), 2))
    return store, events, since, until


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_what_a_walk_over_the_events_says(seed: int) -> None:
    """For any history and two times of its events."""
    store, events, since, until = drawn(seed)

    made = changes(store.connection, since, until)

    assert {
        "new": {(row["case_id"], row["outcome"]) for row in made["new"].to_pylist()},
        "ended": {(row["case_id"], row["outcome"], row["ended_at"]) for row in made["ended"].to_pylist()},
        "older": {(row["case_id"], row["outcome"], row["agency"]) for row in made["older"].to_pylist()},
        "moved": {(row["case_id"], row["outcome"], row["agency"]) for row in made["moved"].to_pylist()},
    } == walked(events, since, until), f"seed {seed}"
    assert list(made) == list(SECTIONS)
