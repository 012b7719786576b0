"""A table for people: given rows and a width, these lines."""

from __future__ import annotations

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from throughline.sinks.questions.table import printable, write_table

NAMES = ["case", "reason", "days in limbo"]
ROWS = [["c0b33d39b3d4ded3d", "Third party material not provided", "725.8"], ["c1", None, "1.0"]]


RMS, IDVA = "urn:throughline:police:20:rms", "urn:throughline:advocate:20:idva"


def drawn(
    names: list[str], rows: list[list[str | None]], width: int, spare: tuple[str, ...] = ()
) -> tuple[list[str], list[str]]:
    """The lines of the table, and what is said below it."""
    out = StringIO()
    notes = write_table(out, names, rows, width, spare)
    return out.getvalue().removesuffix("\n\n").split("\n"), notes


def test_columns_stand_side_by_side_where_there_is_room() -> None:
    """As wide as their text, three spaces apart on a wide terminal; null is a dash."""
    assert drawn(NAMES, ROWS, 120)[0] == [
        "case                reason                              days in limbo",
        "─────────────────   ─────────────────────────────────   ─────────────",
        "c0b33d39b3d4ded3d   Third party material not provided   725.8",
        "c1                  –                                   1.0",
    ]


def test_text_is_wrapped_between_words_and_the_id_stays_whole() -> None:
    """In little room a text takes several lines, a heading too; the id in front can still be copied."""
    assert drawn(NAMES, ROWS, 43)[0] == [
        "case               reason        days in",
        "                                 limbo",
        "─────────────────  ────────────  ──────────",
        "c0b33d39b3d4ded3d  Third party   725.8",
        "                   material not",
        "                   provided",
        "c1                 –             1.0",
    ]


def test_a_code_longer_than_its_column_is_parted_after_an_underscore() -> None:
    """Nowhere else, and not where it fits."""
    rows = [["c0b33d39b3d4ded3d", "victim_does_not_support", "2"], ["c2", "for a red_code", "2"]]

    assert [line[19:31].rstrip() for line in drawn(NAMES, rows, 43)[0][3:]] == [
        "victim_does_",
        "not_support",
        "for a",
        "red_code",
    ]


def test_what_all_sources_begin_with_is_left_out_where_there_is_no_room() -> None:
    """And said once; where there is room it stays."""
    rows: list[list[str | None]] = [[RMS, "1"], [f"{IDVA} a field", "2"]]

    lines, notes = drawn(["source", "events"], rows, 30)

    assert [line.split()[0] for line in lines if ":" in line] == ["police:20:rms", "advocate:20:idva"]
    assert notes == ["`urn:throughline:` is left out."]
    assert drawn(["source", "events"], rows, 80)[1] == []


def test_sources_that_begin_otherwise_stay_whole() -> None:
    """A name that would be another's is no name."""
    lines, notes = drawn(["source", "events"], [[RMS, "1"], ["urn:elsewhere:police:20:rms", "2"]], 37)

    assert RMS in "\n".join(lines)
    assert notes == []


def test_what_every_row_says_is_said_once_where_there_is_no_room() -> None:
    """Null among it."""
    rows: list[list[str | None]] = [[str(number) * 12, "2026-03-02", None] for number in (1, 2)]

    lines, notes = drawn(["id", "counted-to-the-day", "assigned"], rows, 24)

    assert lines[2:] == ["1" * 12, "2" * 12]
    assert notes == ["In every row shown: counted-to-the-day 2026-03-02, assigned –."]


def test_columns_that_can_be_spared_go_first() -> None:
    """In the order given, no more of them than it takes, and they are named."""
    lines, notes = drawn(NAMES, ROWS, 30, spare=("days in limbo", "reason"))

    assert lines[0].split() == ["case", "reason"]
    assert notes == ["Left out for want of room: days in limbo. --format csv has them."]


def test_what_does_not_fit_side_by_side_becomes_a_block_a_row() -> None:
    """A line for each column; no word of it is broken."""
    assert drawn(NAMES, ROWS, 30)[0] == [
        "── 1 ─────────────────────────",
        "case           c0b33d39b3d4ded",
        "               3d",
        "reason         Third party",
        "               material not",
        "               provided",
        "days in limbo  725.8",
        "── 2 ─────────────────────────",
        "case           c1",
        "reason         –",
        "days in limbo  1.0",
    ]


def test_nothing_can_steer_the_terminal() -> None:
    """Control characters and line breaks are shown as what they are."""
    assert printable("\x1b[31m\n") == "\\x1b[31m\\n"


WORDS = st.lists(st.text("ab_é:7", min_size=1, max_size=9), max_size=6).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(40, 130))
def test_no_line_is_longer_than_the_terminal_and_no_word_is_lost(rows: list[tuple[str, ...]], width: int) -> None:
    """Whatever the rows say."""
    lines, notes = drawn(["one", "two", "three"], [list(row) for row in rows], width)

    assert max(map(len, lines)) <= width
    written, shown = (sorted("".join(text.split())) for text in (" ".join(map(" ".join, rows)), " ".join(lines[2:])))
    if not notes and not lines[0].startswith("──"):
        assert shown == written
