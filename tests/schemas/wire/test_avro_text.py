"""Text in Avro bodies is UTF-8, whatever the quick decoder takes over."""

from __future__ import annotations

import pytest

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import frame_single_object


@pytest.mark.parametrize("count", [1, 40])
def test_text_that_is_not_utf8_is_refused(count: int) -> None:
    """A message with a text that is not UTF-8 is a reject; those beside it are events."""
    store = SchemaStore(load_domain(None))
    stored = store.of("police.crime.recorded")
    assert stored is not None
    record = dict.fromkeys(field["name"] for field in stored.avro.schema["fields"]) | {
        "source": "urn:test",
        "occurred_at": 1_772_446_500_000_000,
        "area": "20",
        "agency": "police",
        "identifiers": [{"kind": "crime_ref", "value": "20/1/26"}],
        "offence_group": "stalking",
    }
    messages = [
        frame_single_object(stored.avro.fingerprint, stored.bodies.encode_record(record | {"id": f"id-{number}"}))
        for number in range(count)
    ]
    messages.append(messages[0].replace(b"id-0", b"i\xc0\xaf0"))
    found = decode_messages(messages, store, "topic-0", list(range(count + 1)))
    assert found.events["position"].to_pylist() == list(range(count))
    assert found.rejects["position"].to_pylist() == [count]
    assert found.rejects["reason"].to_pylist() == ["bad_avro"]
