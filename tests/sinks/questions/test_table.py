"""A table for people: given rows and a width, these lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from throughline.sinks.questions.table import table_lines

NAMES = ["case", "reason", "days in limbo"]
ROWS = [["c0b33d39b3d4ded3d", "Third party material not provided", "725.8"], ["c1", None, "1.0"]]


def test_columns_stand_side_by_side_where_there_is_room() -> None:
    """As wide as their text, three spaces apart on a wide terminal; null is a dash."""
    assert table_lines(NAMES, ROWS, 120) == [
        "case                reason                              days in limbo",
        "─────────────────   ─────────────────────────────────   ─────────────",
        "c0b33d39b3d4ded3d   Third party material not provided   725.8",
        "c1                  –                                   1.0",
    ]


def test_text_is_wrapped_between_words_and_the_id_stays_whole() -> None:
    """In little room a text takes several lines, a heading too; the id in front can still be copied."""
    assert table_lines(NAMES, ROWS, 43) == [
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

    assert [line[19:31].rstrip() for line in table_lines(NAMES, rows, 43)[3:]] == [
        "victim_does_",
        "not_support",
        "for a",
        "red_code",
    ]


def test_columns_that_can_be_spared_go_first() -> None:
    """In the order given, no more of them than it takes, and they are named."""
    lines = table_lines(NAMES, ROWS, 30, spare=("days in limbo", "reason"))

    assert lines[0].split() == ["case", "reason"]
    assert " ".join(lines[-3:]) == "Left out, to fit 30 columns: days in limbo. --format csv has them."


def test_what_does_not_fit_side_by_side_becomes_a_block_a_row() -> None:
    """A line for each column; no word of it is broken."""
    assert table_lines(NAMES, ROWS, 30) == [
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
    assert table_lines(["a"], [["\x1b[31m\n"]], 80)[-1] == "\\x1b[31m\\n"


WORDS = st.lists(st.text("ab_é:7", min_size=1, max_size=9), max_size=6).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(40, 130))
def test_no_line_is_longer_than_the_terminal_and_no_word_is_lost(rows: list[tuple[str, ...]], width: int) -> None:
    """Whatever the rows say."""
    lines = table_lines(["one", "two", "three"], rows, width)

    assert max(map(len, lines)) <= width
    written, shown = (sorted("".join(text.split())) for text in (" ".join(map(" ".join, rows)), " ".join(lines[2:])))
    if not lines[0].startswith("──"):
        assert shown == written


RMS, IDVA = "urn:throughline:police:20:rms", "urn:throughline:advocate:20:idva"


def test_what_all_sources_begin_with_is_left_out_where_there_is_no_room() -> None:
    """And said below; where there is room, they are whole."""
    rows = [[RMS, "1"], [f"{IDVA} unit", "2"]]

    assert table_lines(["source", "events"], rows, 31)[2:] == [
        "police:20:rms          1",
        "advocate:20:idva unit  2",
        "",
        "`urn:throughline:` is left out.",
    ]
    assert table_lines(["source", "events"], rows, 50)[2].split() == [RMS, "1"]


def test_sources_that_begin_otherwise_stay_whole() -> None:
    """A name that would be another's is no name."""
    lines = table_lines(["source", "events"], [[RMS, "1"], ["urn:elsewhere:police:20:rms", "2"]], 40)

    assert [line.split()[0] for line in lines[2:4]] == [RMS, "urn:elsewhere:police:20:rms"]


def test_what_every_row_says_is_said_once_where_there_is_no_room() -> None:
    """Null among it; columns that could be spared are then not."""
    rows = [["1" * 12, "2026-03-02", None, "a"], ["2" * 12, "2026-03-02", None, "b"]]

    assert table_lines(["id", "counted", "assigned", "by"], rows, 26, spare=["by"])[2:] == [
        "111111111111  a",
        "222222222222  b",
        "",
        "In every row: counted",
        "2026-03-02, assigned –.",
    ]
