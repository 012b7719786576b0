"""The identifiers of events: whether each is well-formed, its normal form, and those that are no number at all.

The events of a case repeat the same few numbers, so what was found of a value is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS
from throughline.schemas.acceptance.lists import flat_items, lists_from, one_array, sorted_once

PLACEHOLDERS = "placeholder_identifiers"
"""The field of `data` that lists the kinds of the identifiers that were placeholders and so were taken
off.
"""

# what every domain knows for no number at all
A_PLACEHOLDER = "UNKNOWN"

# The values that were found well-formed are kept, up to this many per kind.
_KEPT = 500_000


@dataclass
class IdentifierRule:
    """One kind of identifier: its normal form, and whether that is well-formed (a placeholder is: it never
    links). An event has at most `most` of them. `known` has the normal forms of values that were found well-formed,
    `placeholders` those of them that are placeholders."""

    kind: str
    normal_form: Callable[[str], str]
    well_formed: Callable[[str], bool]
    is_placeholder: Callable[[str], bool]
    most: int
    known: dict[str, str] = field(default_factory=dict)
    placeholders: set[str] = field(default_factory=set)

    def normal(self, value: str) -> str | None:
        """The normal form of a value, or None if that is not well-formed."""
        normal = self.known.get(value)
        if normal is not None:
            return normal
        normal = self.normal_form(value)
        if not normal or not self.well_formed(normal):
            return None
        if len(self.known) >= _KEPT:
            self.known.clear()
        self.known[value] = self.known[normal] = normal
        if self.is_placeholder(normal):
            self.placeholders.add(normal)
        return normal


@dataclass(frozen=True)
class Identifiers:
    """The column `identifiers` of a table of EVENTS, read: `normal` has each list in normal form, sorted, each item
    once. In rows of `doubts` some are not well-formed, and the list means nothing.

    `rows` and `kinds` stand beside the items as they came: the row of each, and its kind as a number in `names`.
    """

    normal: pa.Array
    doubts: np.ndarray
    rows: np.ndarray
    kinds: np.ndarray
    names: list[str]
    has_placeholders: bool


def read_identifiers(
    column: pa.Array, rules: Mapping[str, IdentifierRule], most_items: int, most_chars: int
) -> Identifiers:
    """Read the identifiers of many events; `most_items` a list, `most_chars` a value may have.

    A list with more than the fewest that a kind may have is doubtful: whether they are of one kind is not counted here.
    """
    names = list(rules)
    most_items = min([most_items, *(rule.most for rule in rules.values())])
    rows, items = flat_items(column)
    lengths = pc.fill_null(pc.list_value_length(column), most_items + 1).to_numpy(zero_copy_only=False)
    doubts: np.ndarray = lengths > most_items
    if not len(items):
        return Identifiers(column, doubts, rows, np.zeros(0, dtype=np.int64), names, False)
    coded = pc.index_in(items.field("kind"), pa.array(names, pa.string()))
    kinds = pc.fill_null(coded, len(names)).to_numpy(zero_copy_only=False)
    values = items.field("value").to_pylist()
    known = [*(rule.known for rule in rules.values()), {}]
    normal = [known[kind].get(value) for kind, value in zip(kinds.tolist(), values, strict=True)]
    if None in normal:
        by_number = list(rules.values())
        for place in [place for place, found in enumerate(normal) if found is None]:
            kind, value = kinds[place], values[place]
            if kind < len(names) and value and len(value) <= most_chars and "\x00" not in value:
                normal[place] = by_number[kind].normal(value)
    ill_formed = np.array([found is None for found in normal])
    doubts[rows[ill_formed]] = True
    placeholders = set().union(*(rule.placeholders for rule in rules.values()))
    found = Identifiers(column, doubts, rows, kinds, names, not placeholders.isdisjoint(normal))
    changed = normal != values
    if not changed and len(items) <= len(column) and not ill_formed.any() and not column.null_count:
        return found
    # A doubtful row is judged as it came: what stands for its identifiers here only must not be null.
    texts = pa.array(["" if one is None else one for one in normal], pa.string()) if changed else items.field("value")
    both = [pc.fill_null(items.field("kind"), ""), pc.fill_null(texts, "")]
    pairs = pa.StructArray.from_arrays(both, fields=list(IDENTIFIERS.value_type))
    parents, pairs = sorted_once(rows, pairs, both)
    return Identifiers(
        lists_from(parents, pairs, len(column), IDENTIFIERS), doubts, rows, kinds, names, found.has_placeholders
    )


def without_placeholders(events: pa.Table, rules: Mapping[str, IdentifierRule]) -> pa.Table:
    """Take identifiers that are placeholders off EVENTS and list their kinds in `data`; the same table if
    none is.
    """
    column = one_array(events["identifiers"])
    parents, items = flat_items(column)
    dropped = np.zeros(len(items), dtype=bool)
    for kind, rule in rules.items():
        of_kind = pc.equal(items.field("kind"), kind)
        coded = pc.dictionary_encode(items.field("value").filter(of_kind))
        held = np.array([rule.is_placeholder(value) for value in coded.dictionary.to_pylist()], dtype=bool)
        if held.any():
            dropped[np.flatnonzero(of_kind)] = held[coded.indices.to_numpy()]
    if not dropped.any():
        return events
    kept = lists_from(parents[~dropped], items.filter(pa.array(~dropped)), len(column), IDENTIFIERS)
    kinds: dict[int, set[str]] = {}
    for row, kind in zip(
        parents[dropped].tolist(), items.field("kind").filter(pa.array(dropped)).to_pylist(), strict=True
    ):
        kinds.setdefault(row, set()).add(kind)
    rows = sorted(kinds)
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    texts = []
    for row in rows:
        data = orjson.loads(events["data"][row].as_py())
        listed = kinds[row] | set(data.get(PLACEHOLDERS, ()))
        texts.append(orjson.dumps(data | {PLACEHOLDERS: sorted(listed)}, option=orjson.OPT_SORT_KEYS).decode())
    data = pc.replace_with_mask(one_array(events["data"]), pa.array(mask), pa.array(texts, pa.string()))
    events = events.set_column(EVENTS.get_field_index("identifiers"), EVENTS.field("identifiers"), kept)
    return events.set_column(EVENTS.get_field_index("data"), EVENTS.field("data"), data)
