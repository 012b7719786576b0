"""The schemas of the shared topics are those of the store's tables, and say nothing that is not public."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughline.errors import SharedLogError
from throughline.generated.shared_schemas import made_texts
from throughline.schemas.definitions.topics import SHARED, SharedName
from throughline.schemas.wire.avro.shared import check_frames, shared_schema

FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "shared"
NEVER = {"victim", "officer", "correlation", "causation", "identifier_keys", "raw", "enhanced", "content_hash_of"}


def fields_of(schema: Any) -> list[dict[str, Any]]:
    """All fields of a schema, those of the records within it too."""
    if isinstance(schema, list):
        return [field for item in schema for field in fields_of(item)]
    if not isinstance(schema, dict):
        return []
    own = [field for field in schema.get("fields", []) if isinstance(field, dict)]
    return [*own, *(inner for field in own for inner in fields_of(field["type"])), *fields_of(schema.get("items"))]


def test_the_files_are_what_the_tables_say() -> None:
    """`python -m throughline.generated.shared_schemas` writes them; a column that is added shows here."""
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.avsc")} == made_texts()


@pytest.mark.parametrize("topic", SHARED)
def test_every_field_is_explained(topic: SharedName) -> None:
    """The words are the comments of the columns."""
    fields = fields_of(json.loads((FOLDER / f"{topic}.avsc").read_text(encoding="utf-8")))

    assert fields
    assert [field["name"] for field in fields if not field["doc"]] == []


@pytest.mark.parametrize("topic", SHARED)
def test_nothing_private_is_shared(topic: SharedName) -> None:
    """No pseudonym of a person, no record as it was read, and of an event no identifiers."""
    schema = json.loads((FOLDER / f"{topic}.avsc").read_text(encoding="utf-8"))
    names = {field["name"] for field in fields_of(schema)}
    events = [field for field in schema["fields"] if field["name"] == "events"]

    assert names & NEVER == set()
    assert "identifiers" not in {field["name"] for field in fields_of([event["type"] for event in events])}


@pytest.mark.parametrize("topic", SHARED)
def test_a_message_of_another_schema_is_refused_by_its_first_bytes(topic: SharedName) -> None:
    """Whatever the bytes after them are."""
    frame = shared_schema(topic).frame
    check_frames(topic, [(frame + b"anything", "here")])

    with pytest.raises(SharedLogError, match="there"):
        check_frames(topic, [(frame, "here"), (b"\xc3\x01" + bytes(8), "there")])
