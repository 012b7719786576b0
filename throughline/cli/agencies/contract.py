"""A domain as a contract for engineers, printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from throughline.errors import DomainError
from throughline.quality.contracts.odcs import View, data_contract
from throughline.schemas.contracts.asyncapi import asyncapi
from throughline.schemas.contracts.json_schema import json_schema
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.schemas.definitions.topics import load_topics
from throughline.sinks.schema import public_schema
from throughline.sinks.store import open_memory_store
from throughline.streams.join.rebuild import open_domain


def print_contract(kind: str, domain: Domain, type_: str | None, topic_prefix: str) -> None:
    """Print the contract of this kind as JSON; of one type, if the kind is of types.

    Raises DomainError where the domain has no topics and the contract is of them."""
    made = CONTRACTS[kind](domain, type_, topic_prefix)
    click.echo(json.dumps(made, ensure_ascii=False, indent=2))


def odcs(domain: Domain, topic_prefix: str = "") -> dict[str, Any]:
    """The data contract of a domain, with the public views that a store of it has."""
    try:
        topics = load_topics(domain, prefix=topic_prefix)
    except DomainError:
        # a domain without topics is read from files
        names: dict[str, str] = {}
    else:
        names = {agency: topics.of_agency(agency) for agency in domain.agencies or ()}
    return data_contract(domain, load_quality_rules(domain), names, _views(domain))


def _views(domain: Domain) -> list[View]:
    """The public views of a store of the domain, from the comments that they carry."""
    with open_memory_store() as store:
        open_domain(store, domain)
        run = store.connection.execute
        said = dict(run("select view_name, comment from duckdb_views()").fetchall())
        columns = run(
            "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
            "order by table_name, column_index"
        ).fetchall()
    return [
        View(name, said.get(name) or "", [(one, kind, told) for view, one, kind, told in columns if view == name])
        for name in sorted(public_schema().views)
    ]


CONTRACTS: dict[str, Callable[[Domain, str | None, str], dict[str, Any]]] = {
    "jsonschema": lambda domain, type_, prefix: json_schema(domain, type_),
    "asyncapi": lambda domain, type_, prefix: asyncapi(domain, load_topics(domain, prefix=prefix)),
    "odcs": lambda domain, type_, prefix: odcs(domain, prefix),
}
