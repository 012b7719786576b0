"""The monthly letter as PDF: what its HTML says, laid out on one page of A4.

It keeps to PDF/UA-1, so that who does not see it can read it too.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import orjson
import typst

from throughline.quality.letters.letter import Letter, letter_html

_VOID = ("meta",)


def letter_pdf(said: Letter) -> bytes:
    """The letter as the bytes of a PDF; the same letter gives the same bytes."""
    reader = _Elements()
    reader.feed(letter_html(said))
    title, main = reader.named["title"], reader.named["main"]
    given = {"title": title["children"][0], "year": said.month.year, "month": said.month.month, "main": main}
    made = typst.compile(
        files(__package__).joinpath("templates/letter.typ").read_bytes(),
        sys_inputs={"letter": orjson.dumps(given).decode()},
        ignore_system_fonts=True,
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made


class _Elements(HTMLParser):
    """Elements of a page as letter.typ reads them: `tag`, `class` and `children`, which are elements and text."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, dict[str, Any]] = {}
        self._open: list[dict[str, Any]] = [{"children": []}]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element: dict[str, Any] = {"tag": tag, "class": dict(attrs).get("class"), "children": []}
        self.named[tag] = element
        self._open[-1]["children"].append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1]["children"].append(re.sub(r"\s+", " ", data))
