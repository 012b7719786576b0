"""Logs of others: handoffs and waiting times are those that their authors published, or that plain arithmetic gives."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.streams.join.replay import replay

DOMAINS = Path(__file__).resolve().parents[3] / "schemas" / "domains"
Row = dict[str, str]

# One row per pair of activities and people: the table that the authors of the logs published.
HANDOFF_TABLE = """
    select
      h.from_unit, h.from_agency, h.to_unit, h.to_agency,
      count(*)::double,
      array_to_string(list_sort(list(distinct replace(c.identifiers[1], 'case_ref:', ''))), ','),
      sum(h.limbo_seconds)
    from handoffs h
    join cases c using (case_id)
    group by all
    order by all
"""


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def replayed(log: Path, domain: str, mapping: str) -> Store:
    """A store of one log, read by a mapping that ships with the domain; no row is lost."""
    rules = load_domain(DOMAINS / domain)
    store = open_memory_store()
    counts = replay(store, rules, [log], mapping=load_mapping(DOMAINS / domain / "mappings" / f"{mapping}.yaml"))
    assert (counts.duplicate, counts.quarantined) == (0, {})
    return store


@pytest.mark.parametrize("log", ["icpm_manual_log_1", "icpm_manual_log_2"])
def test_published_handoffs(shared_data: Path, log: str) -> None:
    """Who did what before whom, how often, in which cases and how long it waited, as the authors of the log say."""
    expected = [
        (
            *(row[name] for name in ("source_activity", "source_resource", "target_activity", "target_resource")),
            float(row["frequency"]),
            row["cases"],
            float(row["wt_total_seconds"]),
        )
        for row in rows_of(shared_data / "process_logs" / f"{log}_expected.csv")
    ]

    with replayed(shared_data / "process_logs" / f"{log}.csv", "process_log", "start_end_log") as store:
        assert store.connection.execute(HANDOFF_TABLE).fetchall() == sorted(expected)


def test_handoffs_of_one_log_stay_out_of_another(shared_data: Path) -> None:
    """Both logs have a case 0: in one store they are two cases, since a file is an area."""
    mapping = load_mapping(DOMAINS / "process_log" / "mappings" / "start_end_log.yaml")
    logs = [shared_data / "process_logs" / f"icpm_manual_log_{number}.csv" for number in (1, 2)]

    with open_memory_store() as store:
        replay(store, load_domain(DOMAINS / "process_log"), logs, mapping=mapping)

        assert store.connection.execute("select count(*), sum(events) from cases").fetchall() == [(9, 2 * 27)]


AGENCY = {
    "Create Fine": "police",
    "Send Fine": "police",
    "Insert Fine Notification": "police",
    "Add penalty": "police",
    "Payment": "citizen",
    "Insert Date Appeal to Prefecture": "citizen",
    "Send Appeal to Prefecture": "police",
    "Receive Result Appeal from Prefecture": "prefecture",
    "Notify Result Appeal to Offender": "police",
    "Appeal to Judge": "judge",
    "Send for Credit Collection": "collection",
}


def steps_of_fines(log: Path) -> dict[str, list[tuple[datetime, str]]]:
    """Per case the local day (Rome) and agency of each step; a day's steps in the order of the file."""
    steps: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in rows_of(log):
        local = datetime.fromisoformat(row["time:timestamp"]).astimezone(ZoneInfo("Europe/Rome"))
        day = datetime.combine(local.date(), datetime.min.time())
        steps[row["case:concept:name"]].append((day, AGENCY[row["concept:name"]]))
    # a stable sort: the file says what comes first on a day
    return {case: sorted(known, key=lambda step: step[0]) for case, known in steps.items()}


def test_road_fines(shared_data: Path) -> None:
    """Every handoff of the hundred fines, with the time it waited and the time it was held before."""
    log = shared_data / "process_logs" / "roadtraffic100traces.csv"
    expected = []
    for case, steps in steps_of_fines(log).items():
        held_since = steps[0][0]
        for (before, giver), (after, taker) in pairwise(steps):
            if giver != taker:
                waited, held = (after - before).total_seconds(), (before - held_since).total_seconds()
                expected.append((f"fine_ref:{case}", giver, taker, before, after, "implied", waited, held))
                held_since = after

    with replayed(log, "road_fines", "roadtraffic") as store:
        found = store.connection.execute(
            """
            select c.identifiers[1], from_agency, to_agency, sent_at, received_at, kind, limbo_seconds, held_seconds
            from handoffs join cases c using (case_id)
            """
        ).fetchall()
        assert sorted(found) == sorted(expected)
        assert len(expected) > 50
        assert store.connection.execute("select count(*), sum(events) from cases").fetchall() == [(100, 390)]
        delays = "select from_agency, to_agency, handoffs, cases, median, censored from delays order by all"
        assert store.connection.execute(delays).fetchall() == delays_of(expected)


def delays_of(handoffs: list[tuple[str, str, str, datetime, datetime, str, float, float]]) -> list[tuple[object, ...]]:
    """Handoffs, cases and median waiting time per pair of agencies; none of these logs has one not received."""
    pairs: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for case, giver, taker, _, _, _, waited, _ in handoffs:
        pairs[giver, taker].append((case, waited))
    return sorted(
        # the smallest that at most half are still waiting after
        (*pair, len(known), len({case for case, _ in known}), sorted(w for _, w in known)[(len(known) - 1) // 2], 0)
        for pair, known in pairs.items()
    )


def test_road_fines_held_by_whom(shared_data: Path) -> None:
    """Every unbroken run of steps by one agency is a holding; the last of each fine lasts."""
    log = shared_data / "process_logs" / "roadtraffic100traces.csv"
    expected: list[tuple[str, str, datetime, datetime | None]] = []
    for case, steps in steps_of_fines(log).items():
        begun = steps[0][0]
        for (before, giver), (after, taker) in pairwise(steps):
            if giver != taker:
                expected.append((f"fine_ref:{case}", giver, begun, before))
                begun = after
        expected.append((f"fine_ref:{case}", steps[-1][1], begun, None))

    with replayed(log, "road_fines", "roadtraffic") as store:
        found = store.connection.execute(
            "select c.identifiers[1], agency, from_at, to_at from holdings join cases c using (case_id)"
        ).fetchall()
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_running_example(shared_data: Path) -> None:
    """Handoffs from person to person or from step to step of the 42 events of six cases."""
    log = shared_data / "process_logs" / "running-example.csv"
    steps: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for row in rows_of(log):
        instant = datetime.fromisoformat(row["time:timestamp"])
        utc = (instant - (instant.utcoffset() or timedelta())).replace(tzinfo=None)
        steps[row["case:concept:name"]].append((utc, row["org:resource"], row["concept:name"]))
    expected = [
        (f"case_ref:{case}", *before[1:], *after[1:], before[0], after[0], (after[0] - before[0]).total_seconds())
        for case, known in steps.items()
        for before, after in pairwise(sorted(known, key=lambda step: step[0]))
        if before[1:] != after[1:]
    ]

    with replayed(log, "process_log", "running_example") as store:
        found = store.connection.execute(
            """
            select c.identifiers[1], from_agency, from_unit, to_agency, to_unit, sent_at, received_at, limbo_seconds
            from handoffs join cases c using (case_id)
            """
        ).fetchall()
        assert sorted(found) == sorted(expected)
        assert store.connection.execute("select count(*), sum(events) from cases").fetchall() == [(6, 42)]
