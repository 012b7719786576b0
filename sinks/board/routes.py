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
from throughline.sinks.board.meeting.changed import changed
from throughline.sinks.board.meeting.since import since
from throughline.sinks.board.pages.search import search
from throughline.sinks.board.pages.trust import trust

PLACES: tuple[Place, ...] = (
    Place("/overview", "overview", overview, label="Overview", needs="figures"),
    Place("/since", "since", since, label="What changed", has_times=False, needs="figures"),
    Place("/since/{section}", "changed", changed, under="since", has_times=False, needs="cases"),
    *(Place(f"/{name}", name, topic(name), label=title, needs="figures") for name, (title, _) in TOPICS.items()),
    Place("/figures/{measure}.{form}", "download", download, needs="downloads"),
    Place("/figures/{measure}", "figure", one_figure, needs="figures"),
    Place("/figures/{measure}/about", "about", about, needs="figures"),
    Place("/figures/{measure}/cases", "behind", behind, needs="cases"),
    Place("/cases", "cases", search, label="Cases", needs="cases"),
    Place("/cases/{case:path}", "case", case, under="cases", needs="cases", case="case"),
    Place("/quality", "quality", trust, label="Quality of the data", needs="quality"),
)
HOME = "/overview"
"""Where the bare address leads whoever may see none of the pages that the navigation names."""
