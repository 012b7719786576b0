"""Columns to canonical JSON text, row by row the same as `orjson.dumps(…, OPT_SORT_KEYS)`, without a loop over rows."""

from __future__ import annotations

from collections.abc import Mapping, Set

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.lists import flat_items, lists_from


def json_objects(columns: Mapping[str, pa.Array], rows: int, plain: Set[str] = frozenset()) -> pa.Array:
    """One JSON object per row of the columns that are not null there, keys sorted; `{}` if none is.

    The text of the columns named in `plain` is known to need no escape.
    """
    # Not `null_handling="skip"`: pyarrow 26 leaves out the whole row where every member is null.
    members = []
    for name in sorted(columns):
        column, key = columns[name], f",{orjson.dumps(name).decode()}:"
        if column.null_count == rows:
            continue
        if name in plain:
            member = pc.binary_join_element_wise(f'{key}"', column, '"', "")
        else:
            member = pc.binary_join_element_wise(key, json_values(column), "")
        members.append(pc.fill_null(member, "") if column.null_count else member)
    if not members:
        return pa.repeat("{}", rows)
    joined = pc.binary_join_element_wise("{", *members, "}", "")
    return pc.replace_substring(joined, "{,", "{", max_replacements=1)


def json_values(column: pa.Array) -> pa.Array:
    """JSON text of each value: text, whole number, boolean, date, timestamp (UTC, RFC 3339) or list of text;
    null stays null."""
    kind = column.type
    if pa.types.is_list(kind):
        parents, items = flat_items(column)
        quoted = lists_from(parents, _quoted(items), len(column), pa.list_(pa.string()))
        joined = pc.binary_join_element_wise("[", pc.binary_join(quoted, ","), "]", "")
        return pc.if_else(column.is_null(), None, joined) if column.null_count else joined
    if pa.types.is_timestamp(kind):
        return pc.binary_join_element_wise('"', timestamp_text(column), '"', "")
    if pa.types.is_date(kind):
        return pc.binary_join_element_wise('"', column.cast(pa.string()), '"', "")
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string())
    return _quoted(column)


def timestamp_text(column: pa.Array) -> pa.Array:
    """RFC 3339 with `Z`; six digits of a second if there are any."""
    text = pc.replace_substring(pc.replace_substring(column.cast(pa.string()), " ", "T"), ".000000", "")
    return pc.binary_join_element_wise(text, "Z", "")


def _quoted(texts: pa.Array) -> pa.Array:
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    special = pc.fill_null(pc.match_substring_regex(texts, r'["\\\x00-\x1f]'), False)
    if not pc.any(special).as_py():
        return quoted
    # Few values need an escape; those few are written by the same library as everywhere else.
    escaped = [orjson.dumps(text).decode() for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(quoted, special, pa.array(escaped, pa.string()))
