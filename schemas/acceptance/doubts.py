"""Which rows of a table of EVENTS are not plainly good: seen by column, a million rows a second.

A row that is not marked here would be accepted by `row_or_reject` as it stands; one that is marked may be good or not.
A column of few words is judged word by word, each once for each type, by the same rules as a single event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.lists import flat_items, one_array
from throughline.schemas.acceptance.normal_form import Identifiers
from throughline.schemas.acceptance.revision import odd_revisions
from throughline.schemas.acceptance.rules import ITEMS_LIMIT, SHARED_PLACE, Refused, Rules, TypeRule
from throughline.schemas.acceptance.type_form import SHARED, FieldForm

_NEEDED = (
    *("source", "id", "area", "agency", "occurred_at", "occurred_precision", "identifiers", "data"),
    *("origin", "position"),
)
_TEXTS = tuple(field.name for field in EVENTS if pa.types.is_string(field.type) and field.name != "data")
_TIMES = ("occurred_at", "recorded_at", "due_at", "effect_at")
_DAY_US = 86_400_000_000

Fits = Callable[[TypeRule, Any], bool]
"""Whether a word may stand in a row of a type. It may raise Refused, which is a no."""


@dataclass(frozen=True)
class Fields:
    """The fields of `data` of some rows, of one type and from the row `first`, as columns by their names: what their
    decoder made the canonical text in `data` of."""

    first: int
    columns: Mapping[str, pa.Array]


def doubtful_rows(
    events: pa.Table, identifiers: Identifiers, rules: Rules, fields: Sequence[Fields] | None = None
) -> np.ndarray:
    """A boolean for each row: whether it is not seen to be good. `identifiers` are those of the table, whose own
    doubts are not counted here; with `fields`, of all rows, the text in `data` need not be read."""
    columns = {name: one_array(events[name]) for name in EVENTS.names}
    codes, types = _types(columns["type"], columns["version"], rules)
    doubts: np.ndarray = np.array([rule is None for rule in types])[codes]
    for name in _NEEDED:
        if columns[name].null_count:
            doubts |= columns[name].is_null().to_numpy(zero_copy_only=False)
    for name in _TEXTS:
        _mark_odd_text(columns[name], rules.field_chars, doubts)
    for name, form in rules.codes.items():
        fits = pc.fill_null(pc.match_substring_regex(columns[name], rf"\A(?:{form.pattern})\z"), True)
        doubts |= pc.invert(fits).to_numpy(zero_copy_only=False)
    for name in _TIMES:
        _mark_time_outside(columns[name], rules, doubts)
    if columns["revision"].null_count < len(codes) or columns["retracts"].null_count < len(codes):
        doubts |= odd_revisions(columns["revision"], columns["retracts"])
    _mark_no_label(columns["occurred_at"], columns["occurred_precision"], doubts)
    _mark_lacking(columns, identifiers, codes, types, doubts)
    if not rules.owners.bind_nothing:
        _mark_foreign(columns["source"], columns["agency"], rules, doubts)
    # what stewards do is rare, and each is judged by itself
    doubts |= rules.stewards.among(columns["type"], columns["agency"]).to_numpy(zero_copy_only=False)
    for name, fits in _words(types, rules).items():
        if name != "data" or fields is None:
            _mark_words(columns[name], codes, types, fits, doubts)
    for part in fields or ():
        rule = types[codes[part.first]]
        for name, column in part.columns.items() if rule is not None else ():
            _mark_field(column, rule.fields[name], rules, doubts[part.first : part.first + len(column)])
    return doubts


def _words(types: Sequence[TypeRule | None], rules: Rules) -> dict[str, Fits]:
    """The columns that are judged word by word, and how."""

    def area(rule: TypeRule, word: str) -> bool:
        rules.check_area(word)
        return True

    def agency(rule: TypeRule, word: str) -> bool:
        return rules.read_agency(word, rule) == word

    def data(rule: TypeRule, text: str) -> bool:
        """Whether it is the canonical JSON of what the type lists, without the shared fields."""
        if text == "{}":
            return not rule.required_rest
        try:
            read = orjson.loads(text)
        except orjson.JSONDecodeError:
            return False
        if type(read) is not dict or not read.keys().isdisjoint(_NOT_REST):
            return False
        return rules.read_fields(read, rule, rule.required_rest)[1] == text

    def value_of(column: str) -> Fits:
        def fits(rule: TypeRule, word: str) -> bool:
            form = rule.by_column.get(column)
            return form is None or rules.read_field(form, word, rule) == word

        return fits

    def reason(rule: TypeRule, word: str) -> bool:
        said, form = word.split("; "), rule.by_column.get("reason")
        return said == sorted(set(said)) and (form is None or rules.read_field(form, said, rule) == said)

    listed = {column for rule in types if rule is not None for column, form in rule.by_column.items() if form.values}
    found = {column: value_of(column) for column in listed}
    return found | {"area": area, "agency": agency, "data": data, "reason": reason}


_NOT_REST = frozenset([*SHARED, "unit", "identifiers", "agency"])


def _types(types: pa.Array, versions: pa.Array, rules: Rules) -> tuple[np.ndarray, list[TypeRule | None]]:
    """For each row a number, and the type's rule that it stands for (None: the domain has no such)."""
    (names, every), (numbers, all_versions) = _coded(types), _coded(versions)
    mixed, codes = _distinct(names * len(all_versions) + numbers, len(every) * len(all_versions))
    pairs = [(every[m // len(all_versions)], all_versions[m % len(all_versions)]) for m in mixed.tolist()]
    return codes, [rules.by_version.get(pair) for pair in pairs]


def _mark_words(
    column: pa.Array, codes: np.ndarray, types: Sequence[TypeRule | None], fits: Fits, doubts: np.ndarray
) -> None:
    """Mark the rows whose word does not fit their type; each pair of word and type is asked once."""
    if column.null_count == len(column):
        return
    numbers, words = _coded(column)
    mixed, which = _distinct(codes * len(words) + numbers, len(types) * len(words))
    bad = np.array([not _holds(fits, types[m // len(words)], words[m % len(words)]) for m in mixed.tolist()])
    if bad.any():
        doubts |= bad[which]


def _mark_foreign(sources: pa.Array, agencies: pa.Array, rules: Rules, doubts: np.ndarray) -> None:
    """Mark the rows whose source is not their agency's; each pair is asked once."""
    (numbers, every), (speakers, names) = _coded(sources), _coded(agencies)
    mixed, which = _distinct(numbers * len(names) + speakers, len(every) * len(names))
    pairs = [(every[m // len(names)], names[m % len(names)]) for m in mixed.tolist()]
    bad = np.array([None not in pair and rules.source_fault(*pair) is not None for pair in pairs])
    if bad.any():
        doubts |= bad[which]


def _holds(fits: Fits, rule: TypeRule | None, word: Any) -> bool:
    if rule is None or word is None:
        return True  # said by others
    try:
        return fits(rule, word)
    except Refused:
        return False


def _mark_field(column: pa.Array, form: FieldForm, rules: Rules, doubts: np.ndarray) -> None:
    """Mark the rows whose value of a field of `data` is not seen to be good, of a column of its type."""
    if form.required and column.null_count:
        doubts |= column.is_null().to_numpy(zero_copy_only=False)
    if column.null_count == len(column) or form.kind in {"int", "bool"}:
        return
    if form.kind == "date":
        micros = pc.multiply(column.cast(pa.int32()).cast(pa.int64()), _DAY_US)
        _mark_time_outside(micros, rules, doubts)
    elif form.kind == "timestamp":
        _mark_time_outside(column, rules, doubts)
    elif form.kind == "list<string>":
        lengths = pc.fill_null(pc.list_value_length(column), 1).to_numpy(zero_copy_only=False)
        doubts |= (lengths > ITEMS_LIMIT) | ((lengths == 0) & form.required)
        rows, items = flat_items(column)
        wrong = np.zeros(len(items), dtype=bool)
        if len(items):
            _mark_text(items, form, rules, wrong)
        doubts[rows[wrong]] = True
    else:
        _mark_text(column, form, rules, doubts)


def _mark_text(column: pa.Array, form: FieldForm, rules: Rules, doubts: np.ndarray) -> None:
    if form.values:
        listed = pc.or_(pc.is_in(column, pa.array(form.values)), column.is_null())
        doubts |= pc.invert(listed).to_numpy(zero_copy_only=False)
    else:
        _mark_odd_text(column, rules.field_chars, doubts)


def _mark_odd_text(column: pa.Array, limit: int, doubts: np.ndarray) -> None:
    """Mark the rows whose text is empty, of more bytes than `limit`, or has U+0000."""
    if column.null_count == len(column):
        return
    _, offsets, content = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(ends)
    if lengths.min() == 0 or lengths.max() > limit:
        wrong = (lengths == 0) | (lengths > limit)
        doubts |= wrong if not column.null_count else wrong & column.is_valid().to_numpy(zero_copy_only=False)
    if content is not None and b"\x00" in memoryview(content)[ends[0] : ends[-1]].tobytes():
        doubts |= pc.fill_null(pc.match_substring(column, "\x00"), False).to_numpy(zero_copy_only=False)


def _mark_time_outside(column: pa.Array, rules: Rules, doubts: np.ndarray) -> None:
    """Mark the rows whose time lies outside the domain's limits."""
    if column.null_count == len(column):
        return
    micros = pc.fill_null(column.view(pa.int64()), rules.earliest).to_numpy(zero_copy_only=False)
    doubts |= (micros < rules.earliest) | (micros >= rules.latest)


def _mark_no_label(occurred: pa.Array, precision: pa.Array, doubts: np.ndarray) -> None:
    """Mark the rows of another precision than there are, and those whose day or month is not given by its label."""
    labelled = pc.fill_null(pc.not_equal(precision, "instant"), False).to_numpy(zero_copy_only=False) & ~doubts
    if not labelled.any():
        return
    rows = np.flatnonzero(labelled)
    micros = occurred.view(pa.int64()).take(pa.array(rows)).to_numpy(zero_copy_only=False)
    said = np.array(precision.take(pa.array(rows)).to_pylist())
    months = micros.view("datetime64[us]").astype("datetime64[M]").astype("datetime64[us]").view(np.int64)
    is_day, is_month = (said == "day") & (micros % _DAY_US == 0), (said == "month") & (micros == months)
    doubts[rows] |= ~(is_day | is_month)


def _mark_lacking(
    columns: dict[str, pa.Array],
    identifiers: Identifiers,
    codes: np.ndarray,
    types: Sequence[TypeRule | None],
    doubts: np.ndarray,
) -> None:
    """Mark the rows that carry a shared field that their type does not list, or lack what it requires: a shared
    field, the unit, an identifier of one of several kinds."""
    present = np.zeros(len(codes), dtype=np.int32)
    for column, place in SHARED_PLACE.items():
        if columns[column].null_count < len(codes):
            present |= columns[column].is_valid().to_numpy(zero_copy_only=False).astype(np.int32) << place
    bits = np.array([(0, 0) if rule is None else rule.bits for rule in types], dtype=np.int32)[codes]
    doubts |= ((present & ~bits[:, 0]) != 0) | ((bits[:, 1] & ~present) != 0)
    if columns["unit"].null_count:
        needs_unit = np.array([rule is not None and rule.needs_unit for rule in types])[codes]
        doubts |= needs_unit & columns["unit"].is_null().to_numpy(zero_copy_only=False)
    needs = [frozenset() if rule is None else rule.requires for rule in types]
    lacks = np.array([bool(need) for need in needs])[codes]
    # one row per type, one column per kind (the last for kinds that the domain does not know)
    serves = np.array([[kind in need for kind in identifiers.names] + [False] for need in needs])
    lacks[identifiers.rows[serves[codes[identifiers.rows], identifiers.kinds]]] = False
    doubts |= lacks


def _coded(column: pa.Array) -> tuple[np.ndarray, list[Any]]:
    """Numbers and what they stand for."""
    coded = pc.dictionary_encode(column, null_encoding="encode")
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()


def _distinct(numbers: np.ndarray, below: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers, all less than `below`, ascending, and the place of each number among them."""
    if below > len(numbers):
        distinct, places = np.unique(numbers, return_inverse=True)
        return distinct, places.astype(np.int64)
    # few against many rows: counted rather than sorted
    occurs = np.bincount(numbers, minlength=below) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[numbers]
