"""What stands where a number should, and is none: it joins nobody's cases, and the events that carry it stay."""

from __future__ import annotations

from england_wales import england_wales, england_wales_store
from histories import RECEIVED, Event, event
from joined import emptied, to_table

from throughline.schemas.acceptance.admission import admit
from throughline.sinks.store import Store
from throughline.streams.join.batch import join

KINDS = [kind.kind for kind in england_wales().identifiers if kind.links and kind.pattern is None]
NO_NUMBERS = [
    *("SEE LOG", "see log", "SEE ABOVE", "AS ABOVE", "as per log", "SAME", "SAME AS ABOVE", "DITTO", "REFER TO FILE"),
    *(
        "N.K.",
        "N/K",
        "NK",
        "N K",
        "n.a.",
        "N/A",
        "NA",
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "NaN",
        "nan",
        "None",
        "NULL",
    ),
    *("NOT RECORDED", "NOT KNOWN", "Not Known", "NONE GIVEN", "NOT GIVEN", "NOT YET ALLOCATED", "NO CRIME NUMBER"),
    *("UNKNOWN", "UNK", "UNKWN", "UNALLOCATED", "AWAITING", "AWAITED", "PENDING", "TBC", "T.B.C.", "TBA", "TO FOLLOW"),
    *("X", "XX", "XXX", "XXXXXXXX", "20/XXXXXX/26", "20/TBC/26", "-", "--", "---", ".", "...", "?", "??", "*", "_"),
    *("0", "00", "000", "0000000", "1", "12", "123", "1234", "12345", "123456", "1234567", "123456789", "987654321"),
    *("99", "999", "9999", "99999999", "111111", "20/000000/26", "20/999999/26"),
    *("0121 496 0000", "01214960000", "(0121) 496 0000", "+44 121 496 0000", "0044 121 496 0000", "07700 900123"),
    *("07700-900-123", "01/01/1900", "1900-01-01", "1900-01-01T00:00:00", "someone@example.org", "SEE LOG 4711"),
    *(
        "TEST",
        "TEST1",
        "TEST 123",
        "DUMMY",
        "DUMMY001",
        "OTHER",
        "MULTIPLE",
        "VARIOUS",
        "RESTRICTED",
        "HISTORIC",
        "ERROR",
    ),
]
NUMBERS = [
    *("20/000123/26", "20/1/26", "20CD/12345/26", "20 / 000 456 / 26", "44250012345", "06A1/1234567/26", "2000123426"),
    *("MG3-000123", "9000123", "700123", "CA-000042", "SR-000042", "LOG-0456-20260301", "456-010326", "ORD-000077"),
    *(
        "RMS:000123",
        "NICHE:4711",
        "26/2051/000123D",
        "ASB-20260301-17",
        "f3ab02c1-7d",
        "CYP/0042/26",
        "N0123456",
        "X123456",
    ),
    "5f2b6c0d8e0a4b7c9d1e3f5a7b9c1d3e5f2b6c0d8e0a4b7c9d1e3f5a7b9c1d3e",
]


def two_of(kind: str, value: str, n: int) -> list[Event]:
    """Two events that have nothing in common but this value."""
    return [
        event(
            "police.case.received",
            "2026-03-02T10:15",
            id=f"{n}-{side}",
            unit="20PP",
            identifiers={kind: value, "urn": f"20PP{n:04}{side}26"},
        )
        for side in (1, 2)
    ]


def merged(values: list[str]) -> tuple[Store, set[tuple[str, str]]]:
    """A store with two strangers for every kind and value, and which of these merged them."""
    asked = [(kind, value) for value in values for kind in KINDS]
    events = [one for n, (kind, value) in enumerate(asked) for one in two_of(kind, value, n)]
    batch = admit(to_table(events), england_wales().rules)
    assert batch.rejects.num_rows == 0
    store = emptied(england_wales_store())
    join(store, batch, RECEIVED)
    found = store.connection.execute(
        "select string_split(any_value(event_id), '-')[1]::int from timeline group by case_id having count(*) > 1"
    ).fetchall()
    return store, {asked[n] for (n,) in found}


def test_what_is_no_number_joins_no_two_cases_and_its_events_stay() -> None:
    """A hundred of them, under every kind of which no form is confirmed."""
    assert len(set(NO_NUMBERS)) >= 100
    values = sorted(set(NO_NUMBERS))

    store, found = merged(values)

    assert found == set()
    (kept,) = store.connection.execute("select count(*) from timeline").fetchone() or (0,)
    assert kept == 2 * len(values) * len(KINDS)
    # it says which of its events had no number, or has what stood there: nothing is lost for whoever corrects it
    (shown,) = store.connection.execute("select count(*) from cases where len(identifiers) <> 1").fetchone() or (0,)
    assert shown == 0


def test_numbers_of_any_usual_form_join_their_events() -> None:
    """No form is confirmed for these kinds: what looks like a number of any system is one."""
    _, found = merged(NUMBERS)

    assert found == {(kind, value) for kind in KINDS for value in NUMBERS}
