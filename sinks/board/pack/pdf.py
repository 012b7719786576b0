"""The paper as PDF: what it says as a list of blocks, in their order, which `paper.typ` lays out.

It keeps to PDF/UA-1, and asks no font of the machine: the same paper gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from importlib.resources import files
from typing import Any

import orjson
import typst

from throughline.sinks.board.pack.paper import Chart, Figure, Number, Paper, Table

Block = dict[str, Any]
# the face of the paper, for the words of charts too: it is in the wheel of Typst
_FONT = re.compile(r'font-family="[^"]*"')
_REVIEW = "Vulnerable Victims Review, West Midlands Police and Crime Commissioner, 2020"


def paper_pdf(said: Paper) -> bytes:
    """The paper as the bytes of a PDF."""
    given = {
        "title": f"{said.title}: {said.subtitle}. {said.day}",
        "running": said.day,
        "marking": said.marking,
        "at": [said.last_day.year, said.last_day.month, said.last_day.day],
        "blocks": [*_front(said), *_body(said)],
    }
    made = typst.compile(
        files(__package__).joinpath("paper.typ").read_bytes(),
        sys_inputs={"paper": orjson.dumps(given).decode()},
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        timestamp=said.counted_to.replace(tzinfo=UTC, microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def _front(said: Paper) -> Iterator[Block]:
    yield {"kind": "title", "title": said.title, "subtitle": said.subtitle, "facts": said.facts}
    yield {"kind": "contents", "title": "Contents"}
    yield _heading(1, "Six figures", opens=True)
    yield _numbers([_number(one) for one in said.first])
    if said.since is not None:
        yield _heading(2, "What changed since the earlier meeting")
        yield _list(said.since, "None of the figures changed by as much as a percentage point or an hour.")
    yield _heading(2, "What to ask about")
    yield _list(said.questions, "Nothing stands out.")


def _body(said: Paper) -> Iterator[Block]:
    for chapter in said.chapters:
        yield _heading(1, chapter.title, opens=True)
        yield {"kind": "lead", "text": chapter.lead}
        for figure in chapter.figures:
            yield from _figure(figure)
    yield _heading(1, "Can it be trusted?", opens=True)
    yield {"kind": "lead", "text": said.reliance.verdict}
    if said.reliance.says:
        yield _list(said.reliance.says)
    for table in said.reliance.tables:
        yield _table(table)
    yield _heading(1, "How figures are counted", opens=True)
    for figure in said.figures:
        yield _heading(2, figure.number.title)
        yield _text(figure.method)
        yield {"kind": "quote", "text": figure.review, "by": _REVIEW}


def _figure(figure: Figure) -> Iterator[Block]:
    yield _heading(2, figure.number.title)
    yield _text(figure.asks, sticks=True)
    yield _numbers([{**_number(figure.number), "title": ""}], sticks=True)
    if figure.chart is not None:
        yield _chart(figure.chart)
    yield _table(figure.table) if figure.table.lines else _text(figure.table.note)
    if figure.months is not None and figure.months_table is not None:
        yield _heading(3, "Month by month")
        yield _text(figure.usual, sticks=True)
        yield _chart(figure.months)
        yield _table(figure.months_table)
    yield {"kind": "notes", "notes": [["Not known", figure.unknown], ["Not for", figure.not_for]]}


def _heading(level: int, text: str, *, opens: bool = False) -> Block:
    """`opens`: on a page of its own."""
    return {"kind": "heading", "level": level, "text": text, "opens": opens}


def _text(text: str, *, sticks: bool = False) -> Block:
    """`sticks`: on the page of what follows it."""
    return {"kind": "text", "text": text, "sticks": sticks}


def _numbers(numbers: list[Block], *, sticks: bool = False) -> Block:
    return {"kind": "numbers", "numbers": numbers, "sticks": sticks}


def _list(items: tuple[str, ...], none: str = "") -> Block:
    return {"kind": "list", "items": items} if items else _text(none)


def _number(one: Number) -> Block:
    return {"title": one.title, "number": one.number, "says": one.says, "of": one.of, "earlier": one.then}


def _chart(one: Chart) -> Block:
    return {"kind": "chart", "svg": _FONT.sub('font-family="Libertinus Serif"', one.svg), "says": one.says}


def _table(one: Table) -> Block:
    return {
        "kind": "table",
        "caption": one.caption,
        "heads": one.heads,
        "names": one.names,
        "rows": [{"cells": line.cells, "total": line.is_total} for line in one.lines],
        "note": one.note,
    }
