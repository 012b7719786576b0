"""The example of a type is judged as the event that it would be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_domain import write

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import DomainProblemsError

EXAMPLE = """{identifiers: {urn: "1234"}, reference: R1, colour: red, seen_on: "2026-03-02", items: 2,
    joint: true}"""

# What the example of police.file.sent says instead, the key of the fault, words of its sentence.
FAULTS = [
    ("reference: R1", "reference: null", "reference", "required"),
    ("reference: R1", 'reference: ""', "reference", "required and empty"),
    ("reference: R1", 'reference: "a\\0b"', "reference", "U+0000"),
    ("reference: R1", f"reference: {'x' * 5000}", "reference", "4096 characters"),
    ("reference: R1", "reference: R1, agency: cps", "agency", "another agency's"),
    ("reference: R1", "reference: R1, agency: navy", "agency", "no such agency"),
    ("reference: R1", "reference: R1, unit: 7", "unit", "must be text"),
    ("reference: R1", "reference: R1, shade: dark", "shade", "no field `shade`"),
    ("reference: R1", 'reference: R1, due_at: "2026-03-02"', "due_at", "not a time"),
    ("reference: R1", 'reference: R1, due_at: "1700-01-01T00:00:00Z"', "due_at", "years"),
    ("reference: R1", "reference: R1, due_at: 2026-03-02T10:00:00Z", "due_at", "RFC 3339"),
    ("colour: red", "colour: green", "colour", "catalogue's"),
    ("joint: true", 'joint: "yes"', "joint", "true or false"),
    ("items: 2", f"items: {2**63}", "items", "64 bits"),
    ("items: 2", "items: true", "items", "64 bits"),
    ('"2026-03-02"', '"2026-03"', "seen_on", "YYYY-MM-DD"),
    ('"2026-03-02"', "1700-01-01", "seen_on", "years"),
    ('{urn: "1234"}', "{}", "identifiers", "needs one of: urn"),
    ('{urn: "1234"}', '{urn: [""]}', "identifiers.urn", "not empty"),
    ('{urn: "1234"}', '{urn: "1234", passport: "1"}', "identifiers.passport", "no such kind"),
    ('{urn: "1234"}', '"1234"', "identifiers", "an object"),
]


@pytest.mark.parametrize(("old", "new", "key", "says"), FAULTS)
def test_an_example_is_refused_as_the_event_would_be(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    """The fault is named by its key, and the domain is not loaded."""
    assert old in EXAMPLE
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(write(tmp_path, events=(EXAMPLE, EXAMPLE.replace(old, new))))
    assert [problem.key for problem in caught.value.problems] == [f"police.file.sent.example.{key}"]
    assert says in caught.value.problems[0].problem


def test_every_fault_of_an_example_is_listed_at_its_line(tmp_path: Path) -> None:
    """One that was found does not hide the others, and leaves no trail."""
    example = """{identifiers: {urn: "12", passport: "1"}, reference: "", colour: green, seen_on: "2026-03-02",
    items: many, joint: true, shade: dark}"""
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(write(tmp_path, events=(EXAMPLE, example)))
    assert [(p.line, p.key.removeprefix("police.file.sent.example.")) for p in caught.value.problems] == [
        (14, "colour"),
        (14, "identifiers.passport"),
        (14, "identifiers.urn"),
        (14, "reference"),
        (15, "items"),
        (15, "shade"),
    ]


def test_an_example_may_leave_out_and_shorten(tmp_path: Path) -> None:
    """Null counts as absent, one string stands for a list of one, and a date needs no quotation marks."""
    decided = "example: {decision: accept, reasons: [none]}"
    folder = write(tmp_path, events=(decided, "example: {decision: accept, reasons: none, unit: null}"))
    assert load_domain(folder).types["cps.file.decided"].example["reasons"] == "none"
    load_domain(write(tmp_path, events=('seen_on: "2026-03-02"', "seen_on: 2026-03-02")))
