"""The one table of pages: every address of the board, in the order of the navigation."""

from __future__ import annotations

from throughline.sinks.board.case.page import case
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.pages.search import search

PLACES: tuple[Place, ...] = (
    Place("/cases", "cases", search, label="Cases", needs="cases"),
    Place("/cases/{case:path}", "case", case, under="cases", needs="cases", case="case"),
)
HOME = "/cases"
"""Where the bare address leads."""
