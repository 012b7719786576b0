"""List columns as sets: each list sorted, each item once, without a loop over rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def flat_items(lists: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """The row of each item and the items; null lists have none. `lists` may be a slice."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lists)), lengths), lists.flatten()


def lists_from(parents: np.ndarray, items: pa.Array, rows: int, kind: pa.DataType) -> pa.Array:
    """The list column of `rows` lists whose items, in the order of their rows, are `items`; none is null."""
    offsets = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(parents, minlength=rows), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), items, type=kind)


def sorted_once(parents: np.ndarray, items: pa.Array, keys: list[pa.Array]) -> tuple[np.ndarray, pa.Array]:
    """Sort the items of each row by `keys` (code points) and drop repeats; quick if they already are so."""
    if len(parents) < 2 or _is_sorted_once(parents, keys):
        return parents, items
    columns = {"row": pa.array(parents)} | {f"k{i}": key for i, key in enumerate(keys)}
    order = pc.sort_indices(pa.table(columns), sort_keys=[(name, "ascending") for name in columns])
    parents = parents[order.to_numpy()]
    items, keys = items.take(order), [key.take(order) for key in keys]
    same = parents[1:] == parents[:-1]
    for key in keys:
        same &= pc.equal(key[1:], key[:-1]).to_numpy(zero_copy_only=False)
    keep = np.concatenate([[True], ~same])
    return parents[keep], items.filter(pa.array(keep))


def _is_sorted_once(parents: np.ndarray, keys: list[pa.Array]) -> bool:
    within = np.flatnonzero(parents[1:] == parents[:-1])
    if not len(within):
        return True
    before, after = pa.array(within), pa.array(within + 1)
    lower = np.zeros(len(within), dtype=bool)
    equal = np.ones(len(within), dtype=bool)
    for key in keys:
        left, right = key.take(before), key.take(after)
        lower |= equal & pc.less(left, right).to_numpy(zero_copy_only=False)
        equal &= pc.equal(left, right).to_numpy(zero_copy_only=False)
    return bool(lower.all())


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    if not column.num_chunks:
        return pa.array([], column.type)  # a filter may leave none
    return pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
