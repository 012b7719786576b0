"""What the navigation leads to is at hand before anybody asks for it."""

from __future__ import annotations

from pathlib import Path

from boards import NOW
from england_wales import england_wales

from throughline.sinks.board.ahead import ahead, page_key
from throughline.sinks.board.frame.settings import PAGE_LIMITS, Settings
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import Present
from throughline.sinks.board.routes import PLACES
from throughline.sinks.board.words.names import Names


def test_each_page_of_figures_of_the_navigation_is_kept_as_it_is_asked_for(demo: Path) -> None:
    """Under the key by which a request without filters finds it; pages of cases are not, which depend on who asks."""
    kept, stores = Kept(), Present([demo], PAGE_LIMITS)
    try:
        steps = ahead(PLACES, Names(england_wales()), Settings(england_wales(), now=lambda: NOW), kept)
        with stores.state().cursor() as cursor:
            for step in steps:
                step(stores.state(), cursor)
        wanted = [place.path for place in PLACES if place.label and place.needs == "figures"]
        assert len(steps) == len(wanted) >= 7
        for path in wanted:
            # what is made now was not at hand
            assert kept.get(stores.state().facts.stamp, page_key(path, ""), lambda: None) is not None
    finally:
        stores.close()
