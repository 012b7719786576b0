"""Hostile files to draft a mapping from, and hostile mappings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from bench.hostile_sources import changes, exports, objects
from bench.hostile_sources.attempt import Case, Made
from bench.hostile_sources.damage import CELLS, cell, sound, spoilt
from throughline.schemas.acceptance.events import EVENTS, REJECTS
from throughline.schemas.definitions.domain import Domain
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.dry_run import dry_run
from throughline.sources.workbench.plan import draft_of
from throughline.sources.workbench.sample import sample_of, sample_of_table

# without the old Excel files, each of which takes three processes
_DRAFTED = ("csv", "csv_quotes", "fixed", "json", "xml", "xlsx", "ods")
_ROWS = 30


class Drafts:
    """Hostile files and tables to draft from; the draft has to be YAML, and with nothing left to decide a mapping."""

    def __init__(self, domain: Domain, folder: Path) -> None:
        self.domain, self.folder = domain, folder
        self.files = {name: exports.Exports(exports.FORMS[name], domain, folder) for name in _DRAFTED}

    def case(self, chance: random.Random) -> Case:
        if chance.random() < 0.2:
            names = [sound(cell(chance, one))[:300] if chance.random() < 0.3 else one for one in exports.NAMES]
            rows = [
                [cell(chance, one) if chance.random() < 0.1 else one for one in exports.contact(place)]
                for place in range(_ROWS)
            ]
            shown = [[sound(one) or None for one in row] for row in rows]
            return Case(1, lambda: self._draft(sample_of_table("contacts", names, shown, 100)), may_refuse=True)
        name = chance.choice(_DRAFTED)
        made = self.files[name]
        made.case(chance)
        path = made.path
        if chance.random() < 0.1:
            path = made.path.rename(
                made.path.with_suffix(chance.choice((".txt", ".csv", ".json", ".xml", ".xlsx", ".xes")))
            )
        return Case(1, lambda: self._draft(sample_of(path, most=200), path), may_refuse=True)

    def _draft(self, sample: Any, path: Path | None = None) -> Iterator[Made]:
        draft = draft_of(sample, self.domain)
        text = draft.text()
        assert isinstance(yaml.safe_load(text), dict), "the draft is no mapping of YAML"
        if not draft.decisions and path is not None:
            mapping = self.folder / "drafted.yaml"
            mapping.write_text(text, encoding="utf-8")
            dry_run(load_mapping(mapping), path, self.domain)
        yield Made(EVENTS.empty_table(), REJECTS.empty_table(), 1, accepted=1)


_BEGUN = (exports.MAPPING, objects.MAPPING, *(objects.MAPPING.with_name(one) for one in changes.MAPPINGS.values()))
_GOOD = f"{','.join(exports.NAMES)}\n{','.join(exports.contact(1))}\n"
_WORDS = (
    b"{",
    b"}",
    b"[",
    b"column",
    b"constant",
    b"split",
    b"values",
    b"format",
    b"zone",
    b"types",
    b"source",
    b":",
    b"'",
)
_VALUES: tuple[Any, ...] = (
    "(" * 200, "(a+)+$", "[", "(?P<a>x)(?P<a>y)", "x{99999999999}", "\\", "%Q", "%" * 99, "%Y" * 50, "../../etc",
    "Europe", "Mars/Phobos", "-5", "0", "99999999999999999999", "²", "DECIDE: a | b", "'; drop table x; --",
    '"', "$1", "r.\"c0\"",
    None, [], {}, [[]], {"column": "at"}, {"constant": ""}, {"path": "(.*)"}, ["iso"] * 500, {"a": {"b": {"c": 1}}},
)  # fmt: skip


class Mappings:
    """Hostile mappings: the examples, with keys and values that are others, doubled, gone, or damaged as bytes."""

    def __init__(self, domain: Domain, folder: Path) -> None:
        self.domain, self.path, self.file = domain, folder / "hostile.yaml", folder / "good.csv"
        self.file.write_text(_GOOD, encoding="utf-8")

    def case(self, chance: random.Random) -> Case:
        text = chance.choice((exports.MAPPING, exports.MAPPING, *_BEGUN)).read_text(encoding="utf-8")
        what = chance.randrange(10)
        if what < 6:
            tree = yaml.load(text, Loader=yaml.BaseLoader)
            for _ in range(chance.choice((1, 1, 2, 4))):
                _change(tree, chance)
            content = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode(errors="replace")
        elif what < 9:
            content = spoilt(text.encode(), chance, _WORDS)
        else:
            deep = chance.choice((50, 500, 20_000))
            laughs = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9) if i else 'ha'}]\n" for i in range(12))
            content = (
                text
                + chance.choice(
                    (
                        laughs,
                        "x: " + "[" * deep + "]" * deep,
                        "? " * deep,
                        "x: &a [*a]",
                        "<<: *n",
                        "!!python/object:os.system x",
                        "x: !!binary ====",
                        "x" * 1_100_000,
                        "--- 1\n--- 2",
                    )
                )
            ).encode()
        self.path.write_bytes(content)
        return Case(1, self._read, may_refuse=True)

    def _read(self) -> Iterator[Made]:
        mapping = load_mapping(self.path)
        dry_run(mapping, self.file, self.domain)
        # of several `emits` a row has several fates: the reader's own lane counts them
        yield from exports.read_file(self.file, mapping, self.domain) if len(mapping.emits) == 1 else ()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def _change(tree: Any, chance: random.Random) -> None:
    places = list(_places(tree))
    into, key = chance.choice(places)
    other, name = chance.choice(places)
    what = chance.randrange(6)
    if what < 2:
        into[key] = deepcopy(chance.choice(_VALUES))
    elif what == 2:
        into[key] = sound(chance.choice(CELLS))[:6000].replace("\x00", "")
    elif what == 3:
        del into[key]
    elif what == 4 and isinstance(into, dict):
        into[chance.choice((name, str(key) + "x", "", "\u2028", "type", "column"))] = into[key]
    else:
        # a copy: a tree that has itself in it cannot be written
        into[key] = yaml.safe_load(yaml.safe_dump(other[name]))


READERS = {"drafts": Drafts, "mappings": Mappings}
