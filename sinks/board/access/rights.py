"""Who may see what: the one place that decides it.

A page needs one of `NEEDS`. A person has grants, each of a role; a page or a case is open to a person whom one of the
grants lets see it, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import duckdb

from throughline.sql import one_row, sql

Need = Literal["anyone", "figures", "cases", "quality", "downloads"]
NEEDS: tuple[Need, ...] = ("figures", "cases", "quality", "downloads")

Extent = Literal["none", "own", "given", "every"]
EXTENTS: tuple[Extent, ...] = ("none", "own", "given", "every")


@dataclass(frozen=True)
class Grant:
    """What one role lets a person see: pages by `may`, and of the cases those of `extent`.

    `agency` is that of the person, for `own`; `given` are case ids and identifiers (`kind:value`), for `given`.
    """

    role: str
    may: frozenset[Need]
    extent: Extent = "none"
    agency: str | None = None
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.role if self.agency is None else f"{self.role}:{self.agency}"


@dataclass(frozen=True)
class Person:
    """Somebody who was let in: by `id` alone, which says who vouches for it (`system:`, `provider:`, `proxy:`).

    `session` tells one visit from another.
    """

    id: str
    session: str
    grants: tuple[Grant, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(str(grant) for grant in self.grants)


def may(person: Person, need: Need | None) -> bool:
    """Whether a person may see a page. One that does not say what it needs (None) is open to nobody."""
    if need is None:
        return False
    return need == "anyone" or any(need in grant.may for grant in person.grants)


def may_see_every_case(person: Person) -> bool:
    return any("cases" in grant.may and grant.extent == "every" for grant in person.grants)


def may_see_case(connection: duckdb.DuckDBPyConnection, person: Person, case_key: int) -> bool:
    """Whether a person may see one case of the store, also as it stands now and not only as of a day."""
    if may_see_every_case(person):
        return True
    agencies, given = _reach(person)
    if not agencies and not given:
        return False
    (found,) = one_row(
        connection,
        f"select count(*) > 0 from ({sql(__package__, 'visible')}) where case_key = $case_key",
        {"agencies": agencies, "given": given, "case_key": case_key},
    )
    return bool(found)


def make_visible_cases(connection: duckdb.DuckDBPyConnection, person: Person | None) -> None:
    """Make the temporary view `visible_cases`: of `cases` those that a person may see, for lists to be held to.

    With None, where nothing stands before the board, it is every case.
    """
    if person is None or may_see_every_case(person):
        connection.execute("create or replace temp view visible_cases as select * from cases")
        return
    agencies, given = _reach(person)
    visible = sql(__package__, "visible")
    connection.execute(
        f"create or replace temp table visible_keys as {visible}", {"agencies": agencies, "given": given}
    )
    connection.execute(
        "create or replace temp view visible_cases as select * from cases "
        "where case_id in (select 'c' || lpad(lower(to_hex(case_key)), 16, '0') from visible_keys)"
    )


def _reach(person: Person) -> tuple[list[str], list[str]]:
    """The agencies whose cases a person may see, and the names of single cases."""
    of_cases = [grant for grant in person.grants if "cases" in grant.may]
    agencies = {grant.agency for grant in of_cases if grant.extent == "own" and grant.agency}
    given = {name for grant in of_cases if grant.extent == "given" for name in grant.given}
    return sorted(agencies), sorted(given)


def everything(role: str, needs: Iterable[Need] = NEEDS) -> Grant:
    """The grant of one who reads the store's file as well as we do: all pages, every case."""
    return Grant(role, frozenset(needs), "every")
