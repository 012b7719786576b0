"""The paper for a board as PDF: whoever opens it, sees it or has it read aloud, given a paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from papers import HELD, MARKING, TOLD, paper_of

from throughline.sinks.board.pack.pdf import paper_pdf


@pytest.fixture(scope="module")
def content() -> bytes:
    return paper_pdf(paper_of(TOLD, HELD))


@pytest.fixture(scope="module")
def opened(content: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(BytesIO(content)) as pdf:
        yield pdf


def test_it_says_what_it_is_and_keeps_to_pdf_ua(opened: pikepdf.Pdf) -> None:
    """Its title, its language, that it is tagged, and the standard by which a checker may judge it."""
    with opened.open_metadata() as said:
        assert said["dc:title"] == "Paper for the board: Criminal cases with a victim. Counted to 30 June 2026"
        assert said["pdfuaid:part"] == "1"
    assert str(opened.Root.Lang) == "en-GB"
    assert bool(opened.Root.MarkInfo.Marked)
    assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
    assert opened.Root.StructTreeRoot.Type == "/StructTreeRoot"


def test_a_chart_is_said_in_words(opened: pikepdf.Pdf) -> None:
    """Both charts, and nothing else is a picture."""
    figures = [one for one in tagged(opened) if one.S == "/Figure"]

    assert (
        [str(one.Alt) for one in figures] == [TOLD.chart.says, TOLD.months.says] if TOLD.chart and TOLD.months else []
    )


def test_tables_have_captions_and_heads(opened: pikepdf.Pdf) -> None:
    """Two of each measure with months, one of the other, one of silent systems: 3 + 2 + 2 + 2 columns with a head."""
    kinds = Counter(str(one.S) for one in tagged(opened))

    assert (kinds["/Table"], kinds["/Caption"], kinds["/TH"]) == (4, 4, 9)
    # 3 + 1 + 1 + 1 rows
    assert kinds["/TD"] == 3 * 3 + 2 + 2 + 2


def test_its_outline_leads_to_every_chapter(opened: pikepdf.Pdf) -> None:
    """And beneath a chapter to every figure."""
    with opened.open_outline() as outline:
        shown = {str(one.title): [str(under.title) for under in one.children] for one in outline.root}

    figures = ["Decisions told", "Time in one pair of hands"]
    assert shown == {
        "Six figures": ["What changed since the earlier meeting", "What to ask about"],
        "Promises and telling": figures,
        "Can it be trusted?": [],
        "How figures are counted": figures,
    }


def test_the_same_paper_is_the_same_bytes(content: bytes) -> None:
    """So that a paper can be compared with the one that was handed out."""
    assert content == paper_pdf(paper_of(TOLD, HELD))


def test_every_page_is_numbered_and_a_paper_for_case_workers_says_so_on_each(opened: pikepdf.Pdf) -> None:
    """`Page 2 of 6`; the marking stands on the first page too."""
    marked = read(paper_pdf(paper_of(TOLD, HELD, marking=MARKING)))

    assert [re.findall(r"Page (\d+) of (\d+)", page) for page in marked] == [
        [(str(place), str(len(marked)))] for place in range(1, len(marked) + 1)
    ]
    assert [MARKING in page for page in marked] == [True] * len(marked)
    assert not any("Do not pass this on" in page for page in read_all(opened))


def test_its_words_stand_in_it(opened: pikepdf.Pdf) -> None:
    """Question, sentence, earlier meeting, hidden number, what is not known: in the order of the paper."""
    # where a line ends, a blank is not written
    text = "".join(read_all(opened)).replace(" ", "")
    words = [
        "West Midlands",
        "45% of decisions the victim was never told of.",
        "On 31 March 2026 it was 42%, of 80 cases. It is now 3 percentage points more.",
        "Nothing stands out.",
        "Was the victim told of each decision?",
        "Tŷ'r Police",
        "[c]: hidden.",
        "Not known: A telling that nobody recorded.",
        "Not everywhere: 1 of 9 checks failed.",
        "Every decision, and the first event that tells it.",
    ]
    places = [text.find(one.replace(" ", "")) for one in words]

    assert -1 not in places, dict(zip(words, places, strict=True))
    assert places == sorted(places)


def tagged(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every element of the tree of tags, in order."""
    waiting = [pdf.Root.StructTreeRoot]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, pikepdf.Dictionary):
            continue
        if "/S" in one:
            yield one
        kids = one.get("/K", pikepdf.Array())
        waiting[:0] = list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def read(content: bytes) -> list[str]:
    with pikepdf.open(BytesIO(content)) as pdf:
        return read_all(pdf)


def read_all(pdf: pikepdf.Pdf) -> list[str]:
    """The text of each page as it is copied out: glyphs by the table that each font has for it."""
    return [_text(page) for page in pdf.pages]


def _text(page: pikepdf.Page) -> str:
    tables = {name: _letters(font) for name, font in page.Resources.get("/Font", {}).items()}
    said: list[str] = []
    font = ""
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            font = str(operands[0])
        elif str(operator) in ("Tj", "TJ"):
            parts = operands[0] if str(operator) == "TJ" else [operands[0]]
            codes = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
            said += [tables[font].get(codes[at : at + 2], "?") for at in range(0, len(codes), 2)]
        elif str(operator) == "ET":
            said.append(" ")
    return re.sub(r"\s+", " ", "".join(said))


def _letters(font: Any) -> dict[bytes, str]:
    """What each code of a font stands for, from its ToUnicode table."""
    table = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    found = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>", table)
    return {bytes.fromhex(code): bytes.fromhex(letters).decode("utf-16-be") for code, letters in found}
