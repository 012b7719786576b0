"""The monthly letter as PDF: the same facts as its HTML, on one page of A4."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from throughline.quality.letters.letter import Letter

_HEAD = FontFace(emphasis="BOLD", fill_color=(242, 244, 246))


def letter_pdf(said: Letter) -> bytes:
    """The letter as the bytes of a PDF; the same letter gives the same bytes."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime(said.month.year, said.month.month, 1, tzinfo=UTC))
    pdf.set_lang("en-GB")
    pdf.set_title(_latin(f"Data quality, {said.month_name}: {said.agency_name}"))
    pdf.set_margin(14)
    pdf.set_auto_page_break(auto=True, margin=10)
    pdf.add_page()
    _line(pdf, f"Data quality in {said.month_name}: {said.agency_name}", size=15, bold=True)
    _line(
        pdf,
        "This is what the shared timeline made of your events. A score counts checks: 80 means that four of five held. "
        "What was not measured has no score.",
    )
    _heading(pdf, "Scores")
    _table(
        pdf,
        ("Dimension", said.month_name, said.month_before, "How it was counted"),
        [(one.dimension, one.score, one.before, one.counted) for one in said.scores],
        (4, 3, 3, 6),
    )
    _heading(pdf, "What was agreed")
    if said.levels:
        left = f"; {said.levels_left} more are not shown" if said.levels_left else ""
        _line(pdf, f"{said.levels_met} of {said.levels_all} service levels met{left}.")
        _table(
            pdf,
            ("Feed", "Level", "Observed", "Agreed", "Result"),
            [(one.source, one.level, one.observed, one.agreed, "met" if one.met else "missed") for one in said.levels],
            (7, 4, 2, 3, 2),
        )
    else:
        _line(pdf, "No service level is agreed, or nothing was received this month.")
    _problems(pdf, said)
    _heading(pdf, "Who to ask")
    _line(pdf, f"{said.ask}. If a figure here is wrong, please say so: it will be looked at and put right.")
    return bytes(pdf.output())


def _problems(pdf: FPDF, said: Letter) -> None:
    _heading(pdf, "What would help most" if said.problems else "Nothing to mend")
    if said.problems_all > len(said.problems):
        _line(pdf, f"The {len(said.problems)} furthest from their limit, of {said.problems_all}.")
    elif not said.problems:
        _line(pdf, "Every check that could be made held.")
    for one in said.problems:
        others = f"; {one.others} more like it" if one.others else ""
        _line(pdf, f"{one.observed} where at most {one.at_most} is expected: {one.subject}", bold=True)
        _line(pdf, f"Seen: {one.seen}{others} (check {one.check}).")
        _line(pdf, f"What it does: {one.why}")
        _line(pdf, f"How to mend it: {one.do}")
        pdf.ln(1.5)


def _heading(pdf: FPDF, text: str) -> None:
    pdf.ln(3)
    _line(pdf, text, size=12, bold=True)


def _line(pdf: FPDF, text: str, *, size: float = 9.5, bold: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, _latin(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(pdf: FPDF, head: tuple[str, ...], rows: list[tuple[str, ...]], widths: tuple[int, ...]) -> None:
    pdf.set_font("helvetica", "", 8.5)
    with pdf.table(
        col_widths=widths, text_align="LEFT", headings_style=_HEAD, line_height=4.6, borders_layout="HORIZONTAL_LINES"
    ) as table:
        for row in (head, *rows):
            table.row([_latin(cell) for cell in row])


def _latin(text: str) -> str:
    """What the fonts of every reader of PDF have: letters without their marks where need be."""
    plain = text.translate({0x2013: "-", 0x2019: "'", 0x2026: "..."})
    kept = (
        one if one.isascii() or ord(one) in range(0xA0, 0x100) else unicodedata.normalize("NFKD", one)[0]
        for one in plain
    )
    return "".join(kept).encode("latin-1", "replace").decode("latin-1")
