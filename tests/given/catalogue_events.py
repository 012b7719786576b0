"""One CloudEvent for every type of a domain, made from the catalogue's example, and seeded damage for
fuzzing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from throughline.schemas.definitions.domain import Domain

SMALL = Path(__file__).resolve().parent / "domains" / "small"
FUZZ = int(os.environ.get("THROUGHLINE_FUZZ", "6000"))


def event(type_name: str = "police.suspect.decided", **attributes: Any) -> dict[str, Any]:
    """An event of the small domain that is accepted; `data` replaces single fields of the data."""
    data = {
        "unit": "20PP",
        "identifiers": {"crime_ref": "20/1/26", "urn": ["20PP0000126"]},
        "decision": "refer",
        "reasons": ["public_interest", "evidence"],
        "effect_at": "2026-03-05T00:00:00Z",
    }
    data = data if type_name == "police.suspect.decided" else {"identifiers": {"crime_ref": "20/1/26"}}
    made = {
        "specversion": "1.0",
        "id": "e1",
        "source": "urn:throughline:police:20:rms",
        "type": f"test.small.{type_name}.v1",
        "time": "2026-03-02T10:15:00Z",
        "recordedtime": "2026-03-02T11:00:00Z",
        "sequence": "000123",
        "partitionkey": "20",
        "correlationid": "c1",
        "causationid": "e0",
        "data": data | attributes.pop("data", {}),
    } | attributes
    return {name: value for name, value in made.items() if value is not ...}


def examples(domain: Domain) -> list[dict[str, Any]]:
    """The example of every type of the catalogue, as a CloudEvent; of stewards', from the desk of its area."""
    area = next(iter(domain.areas)) if domain.areas else "x"
    made = []
    for number, (name, event_type) in enumerate(sorted(domain.types.items())):
        data = json.loads(json.dumps(event_type.example, default=str))  # plain dicts and lists
        identifiers = dict(data.get("identifiers") or {})
        if event_type.requires and not set(identifiers) & set(event_type.requires):
            identifiers[event_type.requires[0]] = "A123"
        made.append(
            {
                "specversion": "1.0",
                "id": f"e{number}",
                "source": f"urn:throughline:steward:{area}:desk"
                if name.startswith("steward.")
                else "urn:throughline:test",
                "type": f"{domain.type_prefix}.{name}.v{event_type.version}",
                "time": "2026-03-02T10:15:00.250000+01:00",
                "partitionkey": area,
                "data": data | {"identifiers": identifiers},
            }
        )
    return made
