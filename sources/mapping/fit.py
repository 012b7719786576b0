"""Whether a mapping fits a file and a domain, told in full before a row is published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from throughline.errors import MappingError
from throughline.schemas.definitions.domain import Domain
from throughline.sources.mapping.parts import Condition, Emit, Mapping, Time
from throughline.sources.mapping.sections import nearest
from throughline.sources.mapping.statement import CatalogueWords, catalogue_words
from throughline.sources.mapping.times import text


def check_mapping(mapping: Mapping, columns: Sequence[str], domain: Domain, path: Path) -> list[MappingError]:
    """Everything that keeps a mapping from running over a file with these columns; empty if nothing does.

    Checked: every column that it names is there, every column that is there is used or ignored; types,
    fields, identifier kinds and constant areas are the domain's; times, patterns and the file's path have
    the forms it says.
    """
    return [*_columns(mapping, columns, path), *_catalogue(mapping, domain), *_forms(mapping, path)]


def refuse_mapping(problems: list[MappingError]) -> None:
    """Raise the first problem, with the others in its hint."""
    if not problems:
        return
    first, rest = problems[0], problems[1:]
    if rest:
        more = "\n".join(problem.what for problem in rest[:20])
        # its `what` says file, line and field already
        told = MappingError(first.what, hint=f"{first.hint}\n\nBesides:\n{more}".strip())
        told.file, told.line, told.field = first.file, first.line, first.field
        raise told
    raise first


def _columns(mapping: Mapping, columns: Sequence[str], path: Path) -> Iterator[MappingError]:
    used = mapping.columns()
    for name, line in used.items():
        if name not in columns:
            yield MappingError(
                f"{path} has no column `{name}`",
                file=mapping.file,
                line=line,
                hint=f"{nearest(name, columns)} A constant is written {{constant: …}}.",
            )
    for name in mapping.ignore:
        if name in used:
            yield MappingError(f"`{name}` is both used and ignored", file=mapping.file, field="ignore")
            # A column that is ignored and missing is no loss.
    for name in columns:
        if name not in used and name not in mapping.ignore:
            yield MappingError(
                f"{path} has a column `{name}` that the mapping does not use",
                file=mapping.file,
                hint="Map it to a field, or list it under `ignore:`.",
            )


def _catalogue(mapping: Mapping, domain: Domain) -> Iterator[MappingError]:
    rules = domain.rules
    words = catalogue_words(rules)
    seen: set[tuple[str, int]] = set()
    for emit in mapping.emits:
        for name, line in emit.types():
            if name not in words.versions and (name, line) not in seen:
                seen.add((name, line))
                yield MappingError(
                    f"the domain {domain.name} has no type `{name}`",
                    file=mapping.file,
                    line=line,
                    field="types",
                    hint=nearest(name, words.versions),
                )
        yield from _fields(mapping, emit, words)
        for kind, value in emit.identifiers:
            if kind not in rules.identifiers:
                yield MappingError(
                    f"the domain {domain.name} has no identifier kind `{kind}`",
                    file=mapping.file,
                    line=value.line,
                    field="identifiers",
                    hint=nearest(kind, rules.identifiers),
                )
        for name, given, known in (("area", emit.area, rules.areas), ("agency", emit.agency, rules.agencies)):
            if given is not None and known is not None and given.constant is not None and given.constant not in known:
                yield MappingError(
                    f"the domain {domain.name} has no {name} `{given.constant}`",
                    file=mapping.file,
                    line=given.line,
                    field=name,
                    hint=nearest(given.constant, known),
                )
        if emit.agency is None:
            for name, line in emit.types():
                if name in words.versions and name not in words.agencies:
                    yield MappingError(
                        f"events of the type `{name}` say their agency, and the mapping gives none",
                        file=mapping.file,
                        line=line,
                        field="agency",
                        hint="Name its column under `agency:`.",
                    )


def _fields(mapping: Mapping, emit: Emit, words: CatalogueWords) -> Iterator[MappingError]:
    types = {name for name, _ in emit.types()}
    named = {name: value.line for name, value in emit.fields.items()}
    for word in (emit.words or {}).values():
        named |= dict.fromkeys(word.fields, word.line)
    for name, line in named.items():
        listing = words.listing.get(name)
        if listing is None:
            yield MappingError(
                f"no type of the domain has a field `{name}`",
                file=mapping.file,
                line=line,
                field="fields",
                hint=nearest(name, words.fields),
            )
        elif not listing & types:
            yield MappingError(
                f"none of the types that the mapping gives has a field `{name}`",
                file=mapping.file,
                line=line,
                field="fields",
                hint=f"It belongs to {', '.join(sorted(listing)[:10])}.",
            )


def _forms(mapping: Mapping, path: Path) -> Iterator[MappingError]:
    conditions: list[Condition] = [*mapping.filters]
    times: list[Time] = []
    with duckdb.connect(":memory:") as connection:
        for emit in mapping.emits:
            conditions += emit.when
            times += [emit.time, *([emit.recorded_at] if emit.recorded_at else [])]
            for value in emit.values():
                if value.path is not None and not re.search(value.path, path.as_posix()):
                    yield MappingError(
                        f"the path {path} does not match `{value.path}`",
                        file=mapping.file,
                        line=value.line,
                        hint="Give the path with its folders, or change the pattern.",
                    )
        for time in times:
            for form in time.formats:
                if form != "iso" and not _runs(connection, f"select try_strptime('', {text(form)})"):
                    yield MappingError(
                        f"`{form}` is no form of a time",
                        file=mapping.file,
                        line=time.value.line,
                        field="format",
                        hint="Write `iso`, or strptime letters such as %d/%m/%Y %H:%M.",
                    )
        for identity in mapping.identities:
            conditions += identity.when
        for condition in conditions:
            if condition.test == "matches" and not _runs(
                connection, f"select regexp_matches('', {text(condition.words[0])})"
            ):
                yield MappingError(
                    f"`{condition.words[0]}` is no pattern that the reader knows",
                    file=mapping.file,
                    line=condition.line,
                )


def _runs(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    try:
        connection.execute(query)
    except duckdb.Error:
        return False
    return True
