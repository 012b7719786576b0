"""Where a page stands: its address, its name in the navigation, and the function that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from throughline.sinks.board.access.rights import Need
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Download, Page, Redirect


@dataclass(frozen=True)
class Place:
    """A page at `path` (as Starlette writes paths) by `show`.

    `name` is unique. `label` is what the navigation calls it; without one it is not in the navigation, and `under`
    names the place that is marked there instead. `has_times` where it can be asked for an earlier time.

    Whoever may see what `needs` says may see the page; one that says nothing is shut. `case` is the part of the path
    that names the case that it shows; a page of `cases` without it shows several, and says which by `Asked.look_at`.
    """

    path: str
    name: str
    show: Callable[[Asked], Page | Redirect | Download]
    label: str = ""
    under: str = ""
    has_times: bool = True
    needs: Need | None = None
    case: str | None = None

    @property
    def is_of_figures(self) -> bool:
        """Whether it shows figures alone, which may be those of a moment ago; what is shown of cases may not."""
        return self.needs in ("figures", "downloads")

    @property
    def can_be_as_known(self) -> bool:
        """Whether it shows figures, or cases behind them, that can be asked for as they were known at a time."""
        return self.has_times and (self.is_of_figures or self.path.startswith("/figures/"))
