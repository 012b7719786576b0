"""The one table of pages: every address of the board, in the order of the navigation."""

from __future__ import annotations

from throughline.sinks.board.case.page import case
from throughline.sinks.board.figures.about import about
from throughline.sinks.board.figures.behind import behind
from throughline.sinks.board.figures.download import download
from throughline.sinks.board.figures.overview import overview
from throughline.sinks.board.figures.page import one_figure
from throughline.sinks.board.figures.topic import TOPICS, topic
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.pages.search import search
from throughline.sinks.board.pages.trust import trust

PLACES: tuple[Place, ...] = (
    Place("/overview", "overview", overview, label="Overview"),
    *(Place(f"/{name}", name, topic(name), label=title) for name, (title, _) in TOPICS.items()),
    Place("/figures/{measure}.{form}", "download", download),
    Place("/figures/{measure}", "figure", one_figure),
    Place("/figures/{measure}/about", "about", about),
    Place("/figures/{measure}/cases", "behind", behind),
    Place("/cases", "cases", search, label="Cases"),
    Place("/cases/{case:path}", "case", case, under="cases"),
    Place("/quality", "quality", trust, label="Quality of the data"),
)
HOME = "/overview"
"""Where the bare address leads."""
