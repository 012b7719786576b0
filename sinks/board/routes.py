"""The one table of pages: every address of the board, in the order of the navigation."""

from __future__ import annotations

from throughline.sinks.board.case.page import case
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.pages.search import search
from throughline.sinks.board.pages.trust import trust

PLACES: tuple[Place, ...] = (
    Place("/cases", "cases", search, label="Cases", needs="cases"),
    Place("/cases/{case:path}", "case", case, under="cases", needs="cases", case="case"),
    Place("/quality", "quality", trust, label="Quality of the data", needs="quality"),
)
HOME = "/cases"
"""Where the bare address leads whoever may see none of the pages that the navigation names."""
