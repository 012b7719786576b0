"""A table at the width of a terminal: no word broken, and nothing left out unsaid."""

from __future__ import annotations

from io import StringIO

import pytest

from throughline.sinks.questions.table import write_table

RMS, IDVA = "urn:throughline:police:20:rms", "urn:throughline:advocate:20:idva"
LONG = "the same source and id were published with other content"


def drawn(names: list[str], rows: list[list[str | None]], width: int) -> tuple[str, list[str]]:
    out = StringIO()
    notes = write_table(out, names, rows, width=width)
    return out.getvalue(), notes


def test_what_has_room_is_shown_as_it_is() -> None:
    """Sources whole, nothing said below."""
    text, notes = drawn(["source", "events"], [[RMS, "1"], [IDVA, None]], 80)

    assert [line.split() for line in text.splitlines() if ":" in line] == [[RMS, "1"], [IDVA, "–"]]
    assert notes == []


def test_what_all_sources_begin_with_is_left_out_where_there_is_no_room() -> None:
    """And said once."""
    text, notes = drawn(["source", "events"], [[RMS, "1"], [f"{IDVA} a field", "2"]], 30)

    assert [line.split()[0] for line in text.splitlines() if ":" in line] == ["police:20:rms", "advocate:20:idva"]
    assert notes == ["`urn:throughline:` is left out."]


def test_sources_that_begin_otherwise_stay_whole() -> None:
    """A name that would be another's is no name."""
    text, notes = drawn(["source", "events"], [[RMS, "1"], ["urn:elsewhere:police:20:rms", "2"]], 37)

    assert RMS in text
    assert notes == []


def test_what_every_row_says_is_said_once_where_there_is_no_room() -> None:
    """Null among it."""
    rows: list[list[str | None]] = [[str(number) * 12, "2026-03-02", None] for number in (1, 2)]
    text, notes = drawn(["id", "counted-to-the-day", "assigned"], rows, 24)

    assert [line.split() for line in text.splitlines() if "1" in line or "2" in line] == [["1" * 12], ["2" * 12]]
    assert notes == ["In every row: counted-to-the-day 2026-03-02, assigned –."]


def test_what_still_has_no_room_is_written_row_by_row() -> None:
    """Each value beside the name of its column."""
    text, _ = drawn(["case", "detail", "by"], [["c1" * 8, LONG, "x" * 20], ["c2" * 8, LONG[::-1], "y" * 20]], 40)

    assert [line.split()[0] for line in text.splitlines() if line[:1].strip()] == ["case", "detail", "by"] * 2


@pytest.mark.parametrize("width", range(30, 100, 7))
def test_no_word_is_broken_at_any_width(width: int) -> None:
    """As long as the word itself has room."""
    rows: list[list[str | None]] = [["police:20", LONG, "12,345"], ["cps", LONG.upper(), None]]
    text, _ = drawn(["source", "what was expected", "count"], rows, width)

    assert max(map(len, text.splitlines())) <= width
    assert {*LONG.split(), *LONG.upper().split(), "police:20", "12,345"} <= set(text.split())
