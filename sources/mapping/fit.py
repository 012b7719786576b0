"""Whether a mapping fits a file and a domain, told in full before a row is published."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

import duckdb

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import MappingProblemsError, Problem, Problems, nearest
from throughline.sources.mapping.forms import NAMED, faults
from throughline.sources.mapping.parts import Condition, Emit, Mapping, Snapshot, TimeForm, Value
from throughline.sources.mapping.statement import TIMES, CatalogueWords, catalogue_words
from throughline.sources.mapping.times import text
from throughline.sources.mapping.topic import of_deleted


def check_mapping(
    mapping: Mapping, columns: Sequence[str], domain: Domain, path: Path, nested: Sequence[str] = ()
) -> list[Problem]:
    """Everything that keeps a mapping from running over a file with these columns; empty if nothing does.

    Checked: every column that it names is there, every column that is there is used or ignored; types,
    fields, identifier kinds and constant areas are the domain's; times, patterns and the file's path have
    the forms it says; cells of the columns `nested`, which hold several values, are read as lists.
    """
    check = _Check(mapping)
    check.columns(columns, path)
    check.lists(nested, path)
    check.catalogue(domain)
    check.forms(path)
    return list(dict.fromkeys(check.problems.found))


def misfit(
    mapping: Mapping, columns: Sequence[str], nested: Collection[str], *, are_others_left_out: bool
) -> tuple[str, str] | None:
    """The first column by which a mapping does not fit a row that has `columns`, of which those of `nested` have
    several values, and what is wrong with it, without any name of the row; None where it fits.

    `are_others_left_out`: columns that the mapping does not use are no fault.
    """
    used = mapping.columns()
    for name in used:
        if name not in columns:
            return name, "the record does not have this column, which the mapping reads"
    for value in (value for emit in mapping.emits for value in emit.values()):
        if value.column is not None and value.column in nested and value.split != "json":
            return value.column, "the record has several values here: if they are a list of texts, write `split: json`"
    known = {*used, *mapping.ignore}
    for name in columns:
        if name not in known and not are_others_left_out:
            return name, "the mapping does not know this column: map it to a field, or list it under `ignore:`"
    return None


def check_rules(mapping: Mapping, domain: Domain) -> None:
    """Raise MappingProblemsError where a mapping does not fit the domain, whatever rows it will be given."""
    check = _Check(mapping)
    check.catalogue(domain)
    deletion = of_deleted(mapping)
    if deletion is not None:
        deleted = _Check(deletion)
        deleted.catalogue(domain)
        check.problems.found += deleted.problems.found
    check.problems.raise_any(MappingProblemsError)


class _Check:
    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.problems = Problems()

    def fault(self, line: int | None, key: str, problem: str, hint: str = "") -> None:
        self.problems.add(self.mapping.file, line, key, problem, hint)

    def columns(self, columns: Sequence[str], path: Path) -> None:
        used = self.mapping.columns()
        for name, line in self.mapping.needed_columns().items():
            if name not in columns:
                hint = f"{nearest(name, columns)} A constant is written {{constant: …}}."
                self.fault(line, "", f"{path} has no column `{name}`.", hint)
        for name in self.mapping.ignore:
            # one that is ignored and missing is no loss
            if name in used:
                self.fault(used[name], "ignore", f"`{name}` is both used and ignored.")
        for name in columns:
            if name not in used and name not in self.mapping.ignore:
                hint = "Map it to a field, or list it under `ignore:`."
                self.fault(None, "", f"{path} has a column `{name}` that the mapping does not use.", hint)

    def lists(self, nested: Sequence[str], path: Path) -> None:
        for value in (value for emit in self.mapping.emits for value in emit.values()):
            if value.column in nested and value.split != "json":
                hint = "If they are a list of texts, write `split: json`."
                self.fault(value.line, "", f"{path} has several values in a cell of `{value.column}`.", hint)

    def catalogue(self, domain: Domain) -> None:
        rules = domain.rules
        words = catalogue_words(rules)
        for emit in self.mapping.emits:
            for name, line in emit.types():
                if name not in words.versions:
                    hint = nearest(name, words.versions)
                    self.fault(line, "types", f"the domain {domain.name} has no type `{name}`.", hint)
                elif emit.agency is None and name not in words.agencies:
                    said = f"events of the type `{name}` say their agency, and the mapping gives none."
                    self.fault(line, "agency", said, "Name its column under `agency:`.")
            self._fields(emit, words)
            if emit.time is not None:
                self._form(emit.time, "time", "event")
            if emit.recorded_at is not None:
                self._form(emit.recorded_at, "recorded_at", "instant")
            for kind, value in emit.identifiers:
                if kind not in rules.identifiers:
                    hint = nearest(kind, rules.identifiers)
                    said = f"the domain {domain.name} has no identifier kind `{kind}`."
                    self.fault(value.line, "identifiers", said, hint)
            for key, given, known in (("area", emit.area, rules.areas), ("agency", emit.agency, rules.agencies)):
                constant = None if given is None else given.constant
                if given is not None and known is not None and constant is not None and constant not in known:
                    said = f"the domain {domain.name} has no {key} `{constant}`."
                    self.fault(given.line, key, said, nearest(constant, known))

        if self.mapping.snapshot is not None:
            self._snapshot(self.mapping.snapshot, words)

    def _snapshot(self, snapshot: Snapshot, words: CatalogueWords) -> None:
        if snapshot.as_of is None:
            hint = "Give `--as-of`, or say `as_of` in the mapping."
            self.fault(snapshot.line, "snapshot", "does not say when the files were taken.", hint)
        else:
            self._form(snapshot.as_of, "snapshot.as_of", "event")
        vanished = snapshot.vanished
        if vanished is None or not vanished.type:
            return
        if vanished.type not in words.versions:
            hint = nearest(vanished.type, words.versions)
            self.fault(vanished.line, "vanished", f"the domain has no type `{vanished.type}`.", hint)
        for name in vanished.fields:
            if vanished.type not in words.listing.get(name, ()):
                self.fault(vanished.line, "vanished", f"the type `{vanished.type}` has no field `{name}`.")
            elif words.fields[name].kind not in {"string", "enum", "list<string>"}:
                self.fault(
                    vanished.line, "vanished", f"`{name}` is a {words.fields[name].kind}; only text can be said."
                )

    def _fields(self, emit: Emit, words: CatalogueWords) -> None:
        types = {name for name, _ in emit.types()}
        named = {name: value.line for name, value in emit.fields.items()}
        for word in (emit.words or {}).values():
            named |= dict.fromkeys(word.fields, word.line)
        for name, line in named.items():
            listing = words.listing.get(name)
            if listing is None:
                self.fault(line, "fields", f"no type of the domain has a field `{name}`.", nearest(name, words.fields))
            elif not listing & types:
                said = f"none of the types that the mapping gives has a field `{name}`."
                self.fault(line, "fields", said, f"It belongs to {', '.join(sorted(listing)[:10])}.")
            value = emit.fields.get(name)
            if listing and value is not None:
                kind = words.fields[name].kind
                if kind in TIMES:
                    self._form(value, f"fields.{name}", TIMES[kind])
                elif value.form is not None:
                    self.fault(line, f"fields.{name}", f"is a {kind}, and is not read by the form of a time.")
                if value.split is not None and kind != "list<string>":
                    self.fault(line, f"fields.{name}", f"is a {kind}, and `split` is not read.")

    def _form(self, value: Value, key: str, target: str) -> None:
        form = value.form or TimeForm()
        for name, problem, hint in faults(form, target):
            self.fault(value.line, f"{key}.{name}", problem, hint)
        for one in form.formats:
            if one not in NAMED and not _runs(f"select try_strptime('', {text(one)})"):
                hint = f"Write {', '.join(NAMED)}, or strptime letters such as %d/%m/%Y %H:%M."
                self.fault(value.line, f"{key}.format", f"`{one}` is no form of a time.", hint)

    def _dates(self) -> Iterator[Value]:
        if self.mapping.snapshot is not None and self.mapping.snapshot.as_of is not None:
            yield self.mapping.snapshot.as_of

    def forms(self, path: Path) -> None:
        conditions: list[Condition] = [*self.mapping.filters]
        for emit in self.mapping.emits:
            conditions += emit.when
            for value in (*emit.values(), *self._dates()):
                if value.path is not None and value.needed and not re.search(value.path, path.as_posix()):
                    hint = "Give the path with its folders, or change the pattern."
                    self.fault(value.line, "path", f"the path {path} does not match `{value.path}`.", hint)
        for identity in self.mapping.identities:
            conditions += identity.when
        for one in conditions:
            if one.test == "matches" and not _runs(f"select regexp_matches('', {text(one.words[0])})"):
                self.fault(one.line, "matches", f"`{one.words[0]}` is no pattern that the reader knows.")


@cache
def _runs(query: str) -> bool:
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(query)
    except duckdb.Error:
        return False
    return True
