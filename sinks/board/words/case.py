"""What a case is called, and where it is, in a phrase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughline.sinks.board.words.names import Names


def called(names: Names, case_id: str, identifiers: Sequence[str]) -> str:
    """The identifier of the first kind, in the order of the domain, with its kind; the id where there is none."""
    for kind in names.kinds:
        for identifier in identifiers:
            of, _, value = identifier.partition(":")
            if of == kind:
                return f"{names.short_kind(kind)} {value}"
    return case_id


def where(names: Names, case: Mapping[str, Any]) -> str:
    """`Police, unit 20HA`; `Police to Crown Prosecution Service`; closed; or that nobody says so: a row of `cases`."""
    state = case["state"]
    if state == "held":
        unit = case["holder_unit"]
        return names.agency(case["holder_agency"]) + (f", unit {unit}" if unit else "")
    if state == "limbo":
        return f"To {names.agency(case['awaiting_agency'])}"
    return "Closed" if state == "closed" else "Nobody says who has it"
