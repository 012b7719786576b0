"""What an agency keeps of each delivery for itself: what was read, what is new, and what was refused and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.publish import dispatch
from throughline.sources.publish.ledger import DeliveryCount, deliveries_of, refusals_of
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher

GOOD = (
    '{"specversion":"1.0","id":"%s","source":"urn:throughline:police:20:rms","type":"police.crime.recorded",'
    '"time":"%s","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/1/26"},'
    '"offence_group":"stalking"}}\n'
)
DAY, BAD = "2026-03-02T10:15:00Z", "2026-03-02"


def test_a_file_is_accounted_for_and_what_was_mended_is_refused_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "wait_for_broker", lambda *given: None)
    domain = load_domain(None)
    file = tmp_path / "events.jsonl"
    with (
        Outbox(tmp_path / "outbox.sqlite") as outbox,
        Publisher("127.0.0.1:1", load_topics(domain), domain, outbox) as publisher,
    ):
        file.write_text(GOOD % ("1", DAY) + GOOD % ("2", BAD) + "no json\n")
        dispatch.publish(publisher, domain, [file], is_backlog=True)
        refused = [(one.origin, one.position, one.reason, one.event_id) for one in outbox.look(refusals_of)]
        assert refused == [(str(file), 2, "bad_time", "2"), (str(file), 3, "not_json", None)]

        file.write_text(GOOD % ("1", DAY) + GOOD % ("2", DAY) + "no json\n")
        dispatch.publish(publisher, domain, [file])
        assert [(one.position, one.reason) for one in outbox.look(refusals_of)] == [(3, "not_json")]
        (count,) = outbox.look(deliveries_of)

    assert count == DeliveryCount(
        "file", str(file), count.day, read=6, new=2, known=1, refused=3, left_out=0, backlog=3
    )
