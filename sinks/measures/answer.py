"""A figure: what a measure says of its rows, by any of their cuts, with every total.

Functions from table to table: the rows may come from one store or from several, and may be read once for many figures.
They are counted as numbers, by NumPy: SQL over their texts takes several times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throughline.errors import UsageError
from throughline.schemas.definitions.entry import nearest
from throughline.sinks.measures.grouping import (
    NOT_STATED,
    Coded,
    Groups,
    Numbers,
    case_codes,
    coded,
    every_total,
    has_value,
)
from throughline.sinks.measures.measure import BAND, COUNTED, CUTS, Measure
from throughline.sinks.measures.survival import Survival

T = TypeVar("T", bound=np.generic)
Columns = dict[str, NDArray[np.generic]]
Floats = NDArray[np.float64]

# the values of the cuts of a group, null for all
Key = tuple[str | None, ...]

MOST_CUTS = 3
ESTIMATED = ("median_seconds", "median_least", "median_most", "p90_seconds")
_WEEK = 7 * 24 * 3600
# upper ends in seconds: the steps in which agencies speak of waiting
_BANDS = (
    (_WEEK, "under 1 week"),
    (4 * _WEEK, "1 to 4 weeks"),
    (12 * _WEEK, "4 to 12 weeks"),
    (26 * _WEEK, "12 to 26 weeks"),
)
_LONGEST = "26 weeks or more"
BANDS = (*(title for _, title in _BANDS), _LONGEST)


def is_duration(name: str) -> bool:
    """Whether a column of an answer holds seconds."""
    return "seconds" in name or name.startswith("median_")


def cuts_of(measure: Measure, rows: pa.Table, facets: Mapping[str, str]) -> dict[str, str]:
    """What a measure can be cut by, and the words for each."""
    found = {**CUTS, **measure.cuts, **facets}
    return {**found, **BAND} if "seconds" in rows.column_names else found


def answer(
    measure: Measure, rows: pa.Table, cuts: Sequence[str] = (), where: Mapping[str, str] | None = None
) -> pa.Table:
    """The figure of `rows` (as `facts` gives them) that have the values of `where`, for each combination of `cuts` and
    each total over one or several of them, in which the cut is null.

    What follows the cuts, by the kind of the measure:

    - `outcomes`: outcome (null: all), cases, counted, share (of 1, of those whose outcome is known), and, where the
      rows have an age, median_seconds and longest_seconds
    - `durations`: cases, counted, still_open, median_seconds with its interval (median_least, median_most),
      p90_seconds, after Kaplan and Meier; null where so many have not ended
    - `times`: outcome, cases, least_seconds, most_seconds, least_share, most_share (of the whole time)

    Raises UsageError for a cut that the rows do not have, for one that is given twice, and for more than three.
    """
    where = where or {}
    _check(measure, rows, cuts, where)
    if len(set(cuts)) < len(cuts):
        raise UsageError(f"A figure is cut once by each thing, and there are {', '.join(cuts)}.")
    if len(cuts) > MOST_CUTS:
        raise UsageError(f"At most {MOST_CUTS} cuts at once, and there are {len(cuts)}.")
    held = _held_to(with_band(rows), where)
    keys = {name: coded(held[name]) for name in cuts}
    if measure.kind != "durations":
        keys["outcome"] = coded(held["outcome"])
    count = {"outcomes": _outcomes, "durations": _durations, "times": _times}[measure.kind]
    cases, most = case_codes(held["case_id"])
    parts: list[Columns] = []
    for groups in every_total([*keys.values()], held.num_rows):
        by = dict(zip(keys, groups.keys, strict=True))
        parts.append({**by, "cases": groups.cases(cases, most), **count(held, groups)})
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return figure_of(measure, keys, found)


def figure_of(measure: Measure, keys: Mapping[str, Coded], found: Columns) -> pa.Table:
    """The figure of what was counted of each group, in order, with what follows from the counts."""
    # a total stands before its parts
    order = np.lexsort([found[name] for name in reversed([*keys])]) if keys else slice(None)
    found = {name: values[order] for name, values in found.items()}
    if measure.kind == "outcomes":
        found = _with_shares(found, keys, {*measure.unknown_outcomes, NOT_STATED})
    if measure.kind == "times":
        found = _with_parts_of_the_whole(found, keys)
    return pa.table({name: _column(values, keys.get(name)) for name, values in found.items()})


def totals(figure: pa.Table, cuts: Sequence[str], by: Sequence[str]) -> pa.Table:
    """Of a figure by `cuts` (see `answer`), the one by some of them, in the same order: it stands in it."""
    left = [cut for cut in cuts if cut not in by]
    is_total = np.ones(figure.num_rows, dtype=np.bool_)
    for cut in left:
        is_total &= np.asarray(figure[cut].is_null())
    return figure.filter(pa.array(is_total)).drop_columns(left)


def chosen(measure: Measure, rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    """The rows behind a figure: those that have the values of `where`, in order of time, with their `band` where they
    have an age or a duration. Raises UsageError for a cut that the rows do not have."""
    found = held(measure, rows, where)
    order = np.lexsort((coded(found["case_id"]).codes, found["counted_at"].to_numpy()))
    return found.take(pa.array(order))


def held(measure: Measure, rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    """As `chosen`, in the order in which the rows are given."""
    _check(measure, rows, (), where)
    return _held_to(with_band(rows), where)


def _check(measure: Measure, rows: pa.Table, cuts: Sequence[str], where: Mapping[str, str]) -> None:
    offered = {*rows.column_names} - COUNTED
    if "seconds" in rows.column_names:
        offered |= BAND.keys()
    for name in (*cuts, *where):
        if name not in offered and not (name == "outcome" and name in where and measure.kind != "durations"):
            raise UsageError(f"`{measure.name}` cannot be cut by `{name}`.", hint=nearest(name, sorted(offered)))


def _held_to(rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    """The rows that have these values: every cut by its text, so that one which is no text can be chosen too."""
    if not where:
        return rows
    is_held = np.ones(rows.num_rows, dtype=np.bool_)
    for name, value in where.items():
        is_held &= has_value(rows[name], value)
    return rows.filter(pa.array(is_held))


def with_band(rows: pa.Table) -> pa.Table:
    """The rows with the cut `band`, where they have an age or a duration: in which of `BANDS` it lies."""
    if "seconds" not in rows.column_names:
        return rows
    seconds = _floats(rows["seconds"])
    place = np.searchsorted([end for end, _ in _BANDS], np.nan_to_num(seconds), side="right")
    bands = pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32), mask=np.isnan(seconds)), pa.array(BANDS))
    return rows.append_column("band", bands)


def _outcomes(rows: pa.Table, groups: Groups) -> Columns:
    """Of each group how many, and of those that have an age the median and the longest."""
    made: Columns = {"counted": groups.counted()}
    if "seconds" not in rows.column_names:
        return made
    seconds = _floats(rows["seconds"])
    medians, longest = np.full(groups.count, np.nan), np.full(groups.count, np.nan)
    for group, values in _each(groups, seconds):
        known = np.sort(values[~np.isnan(values)], kind="stable")
        if len(known):
            low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
            medians[group], longest[group] = low + (high - low) / 2, known[-1]
    return made | {"median_seconds": medians, "longest_seconds": longest}


def _durations(rows: pa.Table, groups: Groups) -> Columns:
    """Of each group how many, how many have not ended, and the estimate of Kaplan and Meier."""
    seconds, ended = _floats(rows["seconds"]), rows["ended"].to_numpy().astype(np.bool_)
    are_in_order = bool(np.all(seconds[1:] >= seconds[:-1])) and not (len(seconds) and np.isnan(seconds[-1]))
    found = {name: np.full(groups.count, np.nan) for name in ESTIMATED}
    parts = (_each(groups, seconds, ended), _each(groups, seconds, ~ended))
    for (group, over), (_, waiting) in zip(*parts, strict=True):
        if not are_in_order:
            over, waiting = (np.sort(of[~np.isnan(of)]) for of in (over, waiting))
        for name, value in zip(ESTIMATED, estimated(over, waiting), strict=True):
            found[name][group] = value
    return {"counted": groups.counted(), "still_open": groups.counted(~ended), **found}


def estimated(over: Floats, waiting: Floats) -> tuple[float, float, float, float]:
    """`ESTIMATED` of durations that ended and that did not, each in order; NaN for what is not known."""
    if not len(over):
        return (np.nan, np.nan, np.nan, np.nan)
    estimate = Survival.of(over, waiting)
    median = estimate.quantile(0.5)
    least, middle, most, late = (
        np.nan if value is None else value
        for value in (median.least, median.seconds, median.most, estimate.reached(0.9))
    )
    return (middle, least, most, late)


def durations_by(rows: pa.Table, cuts: Sequence[str], *, ended: bool) -> dict[Key, Floats]:
    """Of each group that `answer` has of the rows: how long those took that ended, or that did not, in their order."""
    is_ended = rows["ended"].to_numpy().astype(np.bool_)
    chosen = rows.filter(pa.array(is_ended if ended else ~is_ended))
    keys = [coded(chosen[cut]) for cut in cuts]
    found: dict[Key, Floats] = {}
    for groups in every_total(keys, chosen.num_rows):
        for group, seconds in _each(groups, _floats(chosen["seconds"])):
            codes = [int(of[group]) for of in groups.keys]
            found[tuple(None if c < 0 else key.values[c] for key, c in zip(keys, codes, strict=True))] = seconds
    return found


def _times(rows: pa.Table, groups: Groups) -> Columns:
    """Of each group the seconds that certainly were, and that at most may have been."""
    return {
        "least_seconds": groups.summed(_floats(rows["least"])),
        "most_seconds": groups.summed(_floats(rows["most"])),
    }


def _each(
    groups: Groups, values: NDArray[T], chosen: NDArray[np.bool_] | None = None
) -> Iterator[tuple[int, NDArray[T]]]:
    """Each group with its values, in their order; with those of the `chosen` rows alone."""
    order, ends = groups.runs(chosen)
    together = values if chosen is None else values[chosen]
    together = together if order is None else together[order]
    for group in range(groups.count):
        yield group, together[ends[group] : ends[group + 1]]


def _with_shares(found: Columns, keys: Mapping[str, Coded], unknown: set[str]) -> Columns:
    """With `share`: of those counted within the same cuts whose outcome is known; NaN for all others."""
    outcomes = keys["outcome"].values
    is_known = np.array([*(outcome not in unknown for outcome in outcomes), False])[found["outcome"]]
    counted = np.where(is_known, found["counted"], 0).astype(np.float64)
    whole = _over_outcomes(found, keys, counted)
    with np.errstate(invalid="ignore"):
        share = np.where(is_known, _rounded(counted / whole), np.nan)
    first = {name: found.pop(name) for name in (*keys, "cases", "counted")}
    return {**first, "share": share, **found}


def _with_parts_of_the_whole(found: Columns, keys: Mapping[str, Coded]) -> Columns:
    """With `least_share` and `most_share`, of the whole time within the same cuts; NaN where that has no length."""
    is_total = found["outcome"] == -1
    least = found["least_seconds"].astype(np.float64)
    # of a whole what is certain is all there can be
    most = np.where(is_total, least, found["most_seconds"].astype(np.float64))
    whole = _over_outcomes(found, keys, np.where(is_total, least, 0))
    whole = np.where(whole == 0, np.nan, whole)
    return {
        **found,
        "most_seconds": most,
        "least_share": _rounded(least / whole),
        "most_share": _rounded(most / whole),
    }


def _over_outcomes(found: Columns, keys: Mapping[str, Coded], values: Floats) -> Floats:
    """For each row the sum of the values of all rows with the same cuts: they stand one after the other."""
    begins = np.ones(len(values), dtype=np.bool_)
    cuts = [found[name] for name in keys if name != "outcome"]
    begins[1:] = np.any([cut[1:] != cut[:-1] for cut in cuts], axis=0) if cuts else False
    place = np.cumsum(begins) - 1
    sums: Floats = np.bincount(place, weights=values).astype(np.float64)[place]
    return sums


def _rounded(shares: Floats) -> Floats:
    """To a millionth, a half upwards."""
    return np.floor(shares * 1e6 + 0.5) / 1e6


def _column(values: NDArray[np.generic], key: Coded | None) -> pa.Array:
    """A column of a figure: texts for codes, null for a total and for what is not known."""
    if key is not None:
        codes: Numbers = values.astype(np.int64)
        return pa.array(key.values, pa.string()).take(pa.array(codes, mask=codes < 0))
    return pa.array(values, from_pandas=True)


def _floats(column: pa.ChunkedArray) -> Floats:
    """Numbers, with NaN for null."""
    values: Floats = column.to_numpy().astype(np.float64)
    return values
