"""The made-up population: repeatable, of the stated shape, faulty only where it says so, about nobody."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from throughline.demo.population import Population, make_population, write_population
from throughline.demo.story.case import SYSTEMS
from throughline.demo.story.faults import SPOILERS
from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.json_lines import events_from_json_lines

UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)
CASES = 3_000
Event = dict[str, Any]

MADE_UP = re.compile(
    r"(LOG|SR|SA|CA|ORD|MG3|REF)-[0-9-]+"  # numbers of agencies and references
    r"|[0-9]{2} ?/ ?[89][0-9]{5} ?/ ?[0-9]{2}|[0-9]{2}Z[Z0-9][0-9]{7}|9[0-9]{6,7}"  # crimes, URNs, CPS
    r"|[0-9]{4}ZZ00[0-9]{11}Z|[0-9]{2}/ZZZZ/[0-9]{6}Z"  # arrest numbers, court references
    r"|[vo]-[0-9a-f]{8}|[RFCASWH]-[0-9]{6}-[0-9]{3}|UNKNOWN"  # pseudonyms, ids of events
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}Z)?"
    r"|[A-Z0-9]{2,8}(-[A-Z0-9]+)*"  # units and courts
)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


@pytest.fixture(scope="module")
def made(domain: Domain) -> Population:
    return make_population(7, CASES, domain, UNTIL)


@pytest.fixture(scope="module")
def stories(made: Population) -> list[list[Event]]:
    """The sound events of each case in the order that they happened; `kind` is the catalogue's type."""
    spoilt = {(fault.source, fault.id) for fault in made.faults}
    by_case: dict[str, dict[str, Event]] = defaultdict(dict)
    for events in made.events.values():
        for event in events:
            if (event["source"], event["id"]) not in spoilt and "time" in event:
                kind = event["type"].removeprefix("uk.cjs.").removesuffix(".v1")
                by_case[event["id"].split("-")[1]][event["id"]] = event["data"] | {
                    "kind": kind,
                    "at": datetime.fromisoformat(event["time"]),
                    "lag": datetime.fromisoformat(event["recordedtime"]) - datetime.fromisoformat(event["time"]),
                    "id": event["id"],
                }
    return [sorted(events.values(), key=lambda one: one["at"]) for events in by_case.values()]


def of_kind(stories: list[list[Event]], *kinds: str) -> Iterator[tuple[list[Event], Event]]:
    for story in stories:
        for event in story:
            if event["kind"] in kinds:
                yield story, event


def test_a_seed_gives_the_same_bytes(domain: Domain, tmp_path: Path) -> None:
    """The same seed, number and time give the same files, byte for byte; another seed gives others."""
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        write_population(tmp_path / name, seed, 60, domain, UNTIL)
    for system in SYSTEMS:
        one, two, other = ((tmp_path / name / f"{system}.jsonl").read_bytes() for name in ("one", "two", "other"))
        assert one == two
        assert one != other


def test_only_the_faults_put_in_are_rejected(made: Population, domain: Domain) -> None:
    """Every event is accepted by the catalogue but the spoilt ones, each with the reason foretold."""
    rejected = Counter[tuple[str, str, str]]()
    accepted = 0
    for system, events in made.events.items():
        batch = events_from_json_lines([orjson.dumps(event) for event in events], domain, system, 1)
        accepted += batch.events.num_rows
        rejected.update((row["source"], row["id"], row["reason"]) for row in batch.rejects.to_pylist())
    expected = Counter((fault.source, fault.id, fault.reason) for fault in made.faults if fault.reason is not None)
    assert rejected == expected
    assert accepted + rejected.total() == sum(len(events) for events in made.events.values())
    assert {fault.kind for fault in made.faults} == {"copy", "conflict", *SPOILERS}


def test_copies_and_conflicts_are_those_listed(made: Population) -> None:
    """An event that appears twice is a listed copy (same content) or a listed conflict (other content)."""
    contents: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for events in made.events.values():
        for event in events:
            content = {name: value for name, value in event.items() if name != "recordedtime"}
            contents[event["source"], event["id"]].append(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    twice = {
        (*key, "copy" if copies[0] == copies[1] else "conflict") for key, copies in contents.items() if len(copies) > 1
    }
    assert twice == {(fault.source, fault.id, fault.kind) for fault in made.faults if fault.reason is None}


def test_feeds_are_in_the_order_recorded_and_end_at_until(made: Population) -> None:
    """Each system publishes in the order in which it recorded, and nothing that is recorded after `until`."""
    copied = {(fault.source, fault.id) for fault in made.faults if fault.reason is None}
    for events in made.events.values():
        recorded = [event["recordedtime"] for event in events if (event["source"], event["id"]) not in copied]
        assert recorded == sorted(recorded)
        assert recorded[-1] <= "2026-06-30T12:00:00Z"


def test_no_free_text(made: Population, domain: Domain) -> None:
    """Every text is a coded value of the catalogue, a time, or a made-up number of a known form."""
    coded = {value for enum in domain.enums.values() for value in enum.values}
    for type_ in domain.types.values():
        for use in type_.fields.values():
            coded |= set(use.values or ())
    spoilt = {(fault.source, fault.id) for fault in made.faults}
    strange: set[str] = set()
    for events in made.events.values():
        for event in events:
            if (event["source"], event["id"]) not in spoilt:
                strange |= {text for text in texts(event["data"]) if text not in coded and not MADE_UP.fullmatch(text)}
    assert strange == set()


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def test_first_triage(stories: list[list[Event]]) -> None:
    """About 40.7% of files are not accepted at the first triage, for the 13 standard reasons."""
    first = [event for _, event in of_kind(stories, "cps.pcd.triaged") if event["submission_no"] == 1]
    refused = [event for event in first if event["decision"] == "reject"]
    assert len(refused) / len(first) == pytest.approx(0.407, abs=0.04)
    reasons = {reason for event in refused for reason in event["reasons"]}
    assert len(reasons) == 15  # 13, and the two of a red request


def test_reviews_within_28_days(stories: list[list[Event]]) -> None:
    """About 75% of reviews end, in a decision or an action plan, within 28 days."""
    met = Counter[bool]()
    for story, event in of_kind(stories, "cps.pcd.allocated"):
        if event["decision"] == "within_28_days":
            ends = [
                other["at"]
                for other in story
                if other["kind"] in {"cps.pcd.decided", "cps.action_plan.issued"} and other["at"] > event["at"]
            ]
            if ends:
                met[(ends[0].date() - event["at"].date()).days <= 28] += 1
    assert met[True] / met.total() == pytest.approx(0.75, abs=0.05)


def test_sexual_offences_lost_to_withdrawal(stories: list[list[Event]]) -> None:
    """Nearly half of the reports of sexual offences a year old or more are lost to withdrawal."""
    lost = Counter[bool]()
    for story, event in of_kind(stories, "police.crime.recorded"):
        if event["offence_group"] in {"rape", "other_sexual"} and event["at"] < UNTIL - timedelta(days=365):
            lost[any(other.get("decision") in {"14", "16"} for other in story)] += 1
    assert lost[True] / lost.total() == pytest.approx(0.48, abs=0.05)


def test_contact_promises_are_often_broken(stories: list[list[Event]]) -> None:
    """Less than half of the promises of contact that are due are answered in time."""
    kept = Counter[bool]()
    for story, event in of_kind(stories, "police.victim.contact_promised"):
        due = datetime.fromisoformat(event["due_at"])
        if due < UNTIL - timedelta(days=30):
            answers = [other["at"] for other in story if other.get("answers") == event["reference"]]
            kept[bool(answers) and answers[0] <= due] += 1
    assert 0.35 < kept[True] / kept.total() < 0.55


def test_decisions_of_no_further_action_are_told_late_or_never(stories: list[list[Event]]) -> None:
    """Of final outcomes a quarter or more is never told, and most of the telling is by e-mail or letter."""
    channels = Counter[str]()
    for story, event in of_kind(stories, "police.investigation.outcome_assigned"):
        if event["decision"] != "1" and event["at"] < UNTIL - timedelta(days=150):
            told = [
                other["channel"]
                for other in story
                if other["kind"] == "police.victim.told" and other["about"] == event["id"]
            ]
            channels[told[0] if told else "never"] += 1
    assert 0.2 < channels["never"] / channels.total() < 0.42
    assert channels["email"] + channels["letter"] > channels["telephone"] + channels["in_person"]


def test_what_is_lost_between_agencies(stories: list[list[Event]]) -> None:
    """There are silent finalisations, re-requested items, and cases where each agency names the other."""
    kinds = Counter(event["kind"] for story in stories for event in story)
    assert kinds["cps.pcd.admin_finalised"] > 40
    asked_again = [one for _, one in of_kind(stories, "cps.action_plan.item_requested") if "about" in one]
    assert len(asked_again) > 40
    pointing = sum(
        {("police.case.status_stated", "cps"), ("cps.case.status_stated", "police")}
        <= {(event["kind"], event.get("holder")) for event in story}
        for story in stories
    )
    assert pointing > 80
    for kind in (
        "police.order.breach_reported",
        "police.vrr.decided",
        "cps.vrr.decided",
        "hmcts.case.completed",
    ):
        assert kinds[kind] > 0, kind
    for kind in ("police.bail.extended", "police.officer.reassigned", "advocate.update.requested"):
        assert kinds[kind] > 0, kind


def test_late_recording(stories: list[list[Event]]) -> None:
    """One event in seven or so is recorded a day or more after it happened; none before."""
    lags = [event["lag"] for story in stories for event in story]
    assert min(lags) >= timedelta(0)
    assert 0.1 < sum(lag >= timedelta(days=1) for lag in lags) / len(lags) < 0.25


def test_dates_only_from_advocates(made: Population) -> None:
    """Some events of the two advocate services have a day only; all others have an instant."""
    labelled = {system: sum("occurredon" in event for event in events) for system, events in made.events.items()}
    assert {system for system, count in labelled.items() if count} == {"isva_idva", "stalking_advocacy"}


def test_areas(made: Population) -> None:
    """Most cases are of West Midlands, a few of its neighbour."""
    areas = Counter(event["partitionkey"] for event in made.events["police_rms"])
    assert set(areas) == {"20", "21"}
    assert 0.04 < areas["21"] / areas.total() < 0.1


def test_numbers_that_must_not_join(made: Population) -> None:
    """A placeholder stands for a crime number here and there, and many cases carry one incident number."""
    shared = sum(
        isinstance(event["data"]["identifiers"].get("incident_ref"), list) for event in made.events["police_rms"]
    )
    assert 25 <= shared <= 60
    unknown = sum(event["data"]["identifiers"].get("crime_ref") == "UNKNOWN" for event in made.events["isva_idva"])
    assert unknown > 20


def test_cases_join_by_their_numbers_alone(made: Population, domain: Domain) -> None:
    """The numbers of the agencies join no two stories, and most stories whole."""
    hubs = {"UNKNOWN", "LOG-99999-99999999"}
    parent: dict[tuple[str, str, str], tuple[str, str, str]] = {}

    def root(number: tuple[str, str, str]) -> tuple[str, str, str]:
        while parent.setdefault(number, number) != number:
            number = parent[number]
        return number

    stories: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for system, events in made.events.items():
        batch = events_from_json_lines([orjson.dumps(event) for event in events], domain, system, 1)
        for row in batch.events.select(["area", "id", "identifiers"]).to_pylist():
            numbers = [
                (row["area"], one["kind"], one["value"])
                for one in row["identifiers"]
                if one["kind"] != "victim_ref" and one["value"] not in hubs
            ]
            for number in numbers[1:]:
                parent[root(number)] = root(numbers[0])
            stories[row["id"].split("-")[1]] += numbers[:1]
    parts = {story: {root(number) for number in numbers} for story, numbers in stories.items()}
    assert sum(len(one) for one in parts.values()) == len(set().union(*parts.values()))
    assert 0.85 < sum(len(one) == 1 for one in parts.values()) / len(parts) < 0.97


def test_arguments_that_cannot_work(domain: Domain) -> None:
    """A time without zone, or a domain without the types, is a wrong call."""
    with pytest.raises(UsageError, match="time zone"):
        make_population(1, 1, domain, datetime(2026, 6, 30))  # noqa: DTZ001
    with pytest.raises(UsageError, match="no type"):
        make_population(1, 1, load_domain(domain.path.parent / "road_fines"), UNTIL)
