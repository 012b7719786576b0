"""Who decides on the record: stewards, by their acts, and nobody else by what their events happen to carry."""

from __future__ import annotations

from histories import act, event
from joined import emptied, filled


def test_an_agencys_event_that_names_a_record_in_quarantine_decides_nothing_on_it() -> None:
    """Nor does any other act of a steward: only the three on quarantine do."""
    discarded = act("quarantine.discarded", "2026-03-02T10:00", id="d", quarantine_id="1", reason_code="duplicate")
    naming = event("police.file.sent", "2026-03-03T10:00", id="p", data='{"quarantine_id":"1"}')
    linking = act("identifiers.linked", "2026-03-04T10:00", id="l", quarantine_id="1")

    store = filled(emptied(), [[discarded, naming, linking]])

    found = store.connection.execute("from quarantine_acts").fetchall()
    assert found == [(1, True, "duplicate", None, None)]
