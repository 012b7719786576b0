"""The gate as an application sees it: what each of its routes needs, declared where it is written, and who visits it.

A route that declares nothing is shut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import duckdb
from starlette.routing import BaseRoute, Match, Mount

from throughline.sinks.board.access.looks import Look, Looks, Outcome
from throughline.sinks.board.access.rights import Need, Person, make_visible_cases, may

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_NAME = "__throughline_declaration__"


@dataclass(frozen=True)
class Declaration:
    """What a route needs and, where it shows one case, which parameter of its path names the case."""

    need: Need
    case: str | None = None


@dataclass(frozen=True)
class Found:
    """The route of a request: its path as the application writes it, its declaration (None: it has none), its case."""

    page: str
    declaration: Declaration | None
    case: str | None

    def page_of(self, case: str) -> str:
        """The address of this page for another case."""
        name = self.declaration.case if self.declaration else None
        return re.sub(rf"\{{{name}(:\w+)?\}}", case, self.page)


@dataclass
class Visit:
    """One request of one person, as the application sees it: `request.state.visit`."""

    person: Person
    page: str
    _looks: Looks
    has_looked: bool = field(default=False, init=False)
    has_tried: bool = field(default=False, init=False)

    def may(self, need: Need | None) -> bool:
        """Whether the person may see pages that need this, for who draws links."""
        return may(self.person, need)

    def make_visible_cases(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the temporary view `visible_cases`, of which every list of cases is to be made."""
        make_visible_cases(connection, self.person)

    def look_at(self, case_ids: Iterable[str]) -> None:
        """Put on the record that the person looks at these cases, before they are shown. Raises LooksError."""
        self.has_looked = False
        self.has_tried = True
        self._looks.write([self.look(case, "shown", "listed") for case in case_ids])
        self.has_looked = True

    def look(self, case: str, outcome: Outcome, why: str | None) -> Look:
        """A look at a case by its public id, for the record."""
        who = self.person
        return Look(datetime.now(UTC), who.id, who.roles, who.session, case, self.page, outcome, why)


def needs(need: Need, *, case: str | None = None) -> Callable[[_Endpoint], _Endpoint]:
    """Declare what an endpoint needs; `case` is the parameter of its path that names the case that it shows.

    A route that needs `cases` and names none shows several: it says which by `Visit.look_at` before it answers.
    """

    def declared(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _NAME, Declaration(need, case))
        return endpoint

    return declared


def declaration_of(endpoint: Any) -> Declaration | None:
    found = getattr(endpoint, _NAME, None)
    return found if isinstance(found, Declaration) else None


def find_route(routes: Iterable[BaseRoute], scope: dict[str, Any], before: str = "") -> Found | None:
    """The route that an application would answer a request by; None where it has none."""
    partial = None
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.NONE:
            continue
        path = before + str(getattr(route, "path", ""))
        inner: list[BaseRoute] = list(route.routes) if isinstance(route, Mount) else []
        if inner:
            return find_route(inner, {**scope, **child}, path)
        endpoint = route.app if isinstance(route, Mount) else getattr(route, "endpoint", None)
        declared = declaration_of(endpoint)
        named = child.get("path_params", {}).get(declared.case) if declared and declared.case else None
        found = Found(path, declared, None if named is None else str(named))
        if match is Match.FULL:
            return found
        # the path is the application's, the method is not: it answers 405, to whom it would have shown the page
        partial = partial or found
    return partial


def every_route(routes: Iterable[BaseRoute], before: str = "") -> Iterator[tuple[str, Declaration | None]]:
    """Each route of an application by its path, with what it declares."""
    for route in routes:
        path = before + str(getattr(route, "path", ""))
        inner: list[BaseRoute] = list(route.routes) if isinstance(route, Mount) else []
        if inner:
            yield from every_route(inner, path)
        else:
            yield path, declaration_of(route.app if isinstance(route, Mount) else getattr(route, "endpoint", None))
