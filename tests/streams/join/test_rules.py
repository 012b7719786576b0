"""A store has the rules of its domain: one that changed is written again, and what follows from it derived again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from joined import small_domain

from throughline.sinks.schema import meta, set_meta
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.rules import install_rules


@pytest.fixture
def store() -> Iterator[Store]:
    with open_memory_store() as made:
        install_rules(made.connection, small_domain())
        yield made


def agencies(store: Store) -> dict[str, str]:
    return dict(store.connection.execute("select agency, name from agencies").fetchall())


def test_the_same_rules_change_nothing(store: Store) -> None:
    assert not install_rules(store.connection, small_domain())


def test_a_rule_that_changed_is_written(store: Store) -> None:
    """And the first rules again, when they come back."""
    domain, before = small_domain(), agencies(store)
    other = replace(domain, agencies={name: replace(one, name="X") for name, one in (domain.agencies or {}).items()})

    assert install_rules(store.connection, other)
    assert set(agencies(store).values()) == {"X"}
    assert install_rules(store.connection, domain)
    assert agencies(store) == before


def test_after_a_migration_every_table_is_looked_at(store: Store) -> None:
    """It may have given one a column that nobody has filled: what was noted of the rules before holds no more."""
    before = agencies(store)
    store.connection.execute("update agencies set name = ''")
    assert not install_rules(store.connection, small_domain())

    set_meta(store.connection, "schema_version", str(int(meta(store.connection)["schema_version"]) + 1))

    assert install_rules(store.connection, small_domain())
    assert agencies(store) == before
