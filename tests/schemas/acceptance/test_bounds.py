"""What one event may say: codes that are no names and no telephone numbers, and no more numbers than one case has.

Each record comes as a line of JSON, which may be judged alone, and as a row of a table, judged by columns.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from england_wales import england_wales
from histories import event, to_table

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.wire.json_lines import events_from_json_lines

TYPE = "police.marac.referred"
CRIME = {"crime_ref": "20/000123/26"}


def verdicts(identifiers: dict[str, Any], **said: str) -> list[list[tuple[str, str | None]]]:
    """What is refused, by either way: reason and field."""
    line = {"specversion": "1.0", "id": "e", "source": "urn:x:police:1", "type": f"uk.cjs.{TYPE}.v1"}
    line |= {"time": "2026-03-02T10:15:00Z", "partitionkey": "20", "data": {"identifiers": identifiers, **said}}
    pairs = [
        {"kind": kind, "value": value}
        for kind, values in identifiers.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    row = event(TYPE, "2026-03-02T10:15", id="e", source="urn:x:police:1", identifiers=pairs, **said)
    batches = (
        events_from_json_lines([orjson.dumps(line)], england_wales(), "f", 1),
        admit(to_table([row]), england_wales().rules),
    )
    return [[(one["reason"], one["field"]) for one in batch.rejects.to_pylist()] for batch in batches]


@pytest.mark.parametrize(
    ("name", "fits", "does_not"),
    [
        (
            "unit",
            ["20PP", "ISVA-IDVA-02", "ISAC-01X", "WM-RASSO", "20pp", "2001", "WM_VLU", "Môn"],
            [
                "DC 0000 Exampleson",
                "Jo Exampleson",
                "01214960000",
                "0121 496 0000",
                "+44121496",
                "0121-496-0000",
                "a@b.c",
            ],
        ),
        (
            "reference",
            ["REF-900118-12", "A", "R1", "9000123", "5f2b6c0d-8e0a-4b7c", "00f2b6c0-8e0a", "URN:26/7"],
            [
                "rang twice, will try again",
                "Jo Exampleson",
                "Exampleson",
                "07700900123",
                "07700-900-123",
                "+447700900123",
            ],
        ),
    ],
)
def test_a_code_that_everybody_sees_has_the_form_of_a_code(name: str, fits: list[str], does_not: list[str]) -> None:
    """What is refused is kept whole in quarantine, for those who may see it."""
    usual = {"reference": "R1"}

    assert [code for code in fits if verdicts(CRIME, **usual | {name: code}) != [[], []]] == []
    refused = [("bad_field", f"data.{name}")]
    assert [code for code in does_not if verdicts(CRIME, **usual | {name: code}) != [refused, refused]] == []


def test_an_event_carries_no_more_numbers_of_a_kind_than_a_case_may_have() -> None:
    """Five in England and Wales. The same number twice is one, and what never links may be more."""
    numbers = [f"20/{n:06}/26" for n in range(1, 7)]
    refused = [("too_many_identifiers", "data.identifiers.crime_ref")]

    assert verdicts({"crime_ref": numbers}, reference="R1") == [refused, refused]
    assert verdicts({"crime_ref": [*numbers[:5], numbers[0].replace("/", " / ")]}, reference="R1") == [[], []]
    assert verdicts({"crime_ref": numbers[:4], "urn": ["20PP0012326", "20PP0012426"]}, reference="R1") == [[], []]
    victims = [f"v-{n:08x}" for n in range(12)]
    assert verdicts(CRIME | {"victim_ref": victims}, reference="R1") == [[], []]


def test_no_event_alone_makes_a_hub() -> None:
    """One that carries as many as it may of every kind gives none of them more neighbours than its kind allows."""
    domain = england_wales()

    assert all(domain.limits.of_a_kind <= kind.hub_limit for kind in domain.identifiers if kind.links)
