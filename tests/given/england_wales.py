"""A store of England and Wales for tests of figures."""

from __future__ import annotations

from functools import cache

from listed_stewards import with_stewards

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.rebuild import open_domain


@cache
def england_wales() -> Domain:
    """The domain, with a desk of stewards listed for each area."""
    return with_stewards(load_domain())


@cache
def england_wales_store() -> Store:
    """One for all tests, emptied by each (`joined.emptied`)."""
    made = open_memory_store()
    # a run of the tests has a worker for each core
    made.connection.execute("set threads = 1")
    open_domain(made, england_wales())
    return made
