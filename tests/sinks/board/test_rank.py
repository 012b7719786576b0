"""The order of the rows behind a figure, page by page, against one that sorts them all."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from throughline.errors import UsageError
from throughline.sinks.board.figures.rank import Rank, read_key

Row = tuple[float | None, str]
ROWS = st.lists(st.tuples(st.sampled_from([None, 0.0, 1.5, 7.0]), st.sampled_from(["c1", "c2", "c3"])), max_size=25)


def rank(rows: Sequence[Row]) -> Rank:
    seconds, cases = [row[0] for row in rows], [row[1] for row in rows]
    columns = {"seconds": pa.array(seconds, pa.float64()), "case_id": pa.array(cases).dictionary_encode()}
    return Rank(pa.table(columns), "seconds")


def in_order(rows: Sequence[Row]) -> list[int]:
    """All places in the order of the list: the most first, those without a value last."""

    def stands(place: int) -> tuple[float, str, int]:
        value, case = rows[place]
        return (float("inf") if value is None else -value, case, place)

    return sorted(range(len(rows)), key=stands)


@given(ROWS, st.integers(1, 6))
def test_pages_by_key_are_those_of_the_whole_list(rows: list[Row], size: int) -> None:
    """Forwards by the key of the last row, and backwards by that of the first: every row once, in order."""
    shown, wanted = rank(rows), in_order(rows)
    pages = [list(shown.first(size))]
    while len(pages[-1]) == size and len(pages) <= len(rows):
        pages.append(list(shown.first(size, read_key(str(shown.key(pages[-1][-1]))))))
    assert [place for page in pages for place in page] == wanted
    for number, page in enumerate(pages):
        if page:
            key = read_key(str(shown.key(page[0])))
            assert shown.before(key) == number * size
            assert list(shown.last(size, key)) == (pages[number - 1] if number else [])


def test_rows_that_come_elsewhere_move_no_page() -> None:
    before = [(9.0, "c1"), (8.0, "c2"), (7.0, "c3"), (6.0, "c4")]
    key = rank(before).key(1)
    after = [(9.5, "c9"), *before]
    assert [after[place] for place in rank(after).first(2, key)] == [(7.0, "c3"), (6.0, "c4")]
    # the row of the key itself is gone
    left = [before[0], *before[2:]]
    assert [left[place] for place in rank(left).first(1, key)] == [(7.0, "c3")]


@pytest.mark.parametrize("text", ["", "1", "x~c1~0", "nan~c1~0", "1.0~~0", "1.0~c1~x"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no place in this list"):
        read_key(text)


def test_a_list_is_leafed_through_by_links(demo_board: TestClient) -> None:
    """To the third page and back by the links of the pages: the same cases as by their numbers."""
    first = "/figures/decisions_told/cases?outcome=not_told&agency=cps"

    def leaf(text: str, way: str) -> str:
        found = re.search(rf'rel="{way}" href="([^"]+)"', text)
        assert found is not None
        return demo_board.get(found[1].replace("&amp;", "&")).text

    def cases(text: str) -> list[str]:
        return re.findall(r'scope="row"><a href="/cases/(c[0-9a-f]{16})', text)

    one = demo_board.get(first).text
    two = leaf(one, "next")
    three = leaf(two, "next")
    for number, page in enumerate((one, two, three), 1):
        assert f"<li>Page {number} of" in page
        assert cases(page) == cases(demo_board.get(f"{first}&page={number}").text)
    assert cases(leaf(three, "prev")) == cases(two)
    assert 'rel="prev"' not in leaf(leaf(three, "prev"), "prev")
