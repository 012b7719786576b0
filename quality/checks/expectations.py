"""Expectations on a frame, judged by Great Expectations: with data_docs.py the one place that knows it.

It runs on pandas frames, sends nothing anywhere, and of what fails only counts and row numbers come back, never values.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from throughline.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

WITHOUT_VALUES: Any = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts of what is not as expected, and nothing of what it says."""

# before it is imported: it would report its use to its maker
os.environ["GX_ANALYTICS_ENABLED"] = "false"


@dataclass(frozen=True)
class Expectation:
    """One expectation by its name in Great Expectations (`expect_column_values_to_be_between`) and its arguments.

    `name` is what we call it, `dimension` that of data quality.
    """

    name: str
    dimension: str
    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one: `rows` were looked at, `failed` of them; `failed_rows` are their places in the frame."""

    name: str
    success: bool
    rows: int
    failed: int
    failed_rows: tuple[int, ...]


def judge(frame: pd.DataFrame, expectations: Sequence[Expectation], *, with_rows: bool = False) -> list[Outcome]:
    """Judge a frame (with its default index) by expectations, in their order; `failed_rows` only `with_rows`.

    Raises DataError where an expectation cannot be judged: an unknown kind, or a column that is not there.
    """
    if not expectations:
        return []
    # it takes three seconds to import, which no other command should wait for
    import great_expectations as gx

    batch = _whole_frame().get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(
        "suite", expectations=[configured(one, place) for place, one in enumerate(expectations)]
    )
    found = batch.validate(suite, result_format="COMPLETE" if with_rows else WITHOUT_VALUES)
    by_place = {_place(result): result for result in found.results}
    return [_outcome(one, by_place[place]) for place, one in enumerate(expectations)]


def configured(expectation: Expectation, place: int = 0) -> Any:
    """The expectation as Great Expectations has it; `place` comes back with its result."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=expectation.kind, kwargs=dict(expectation.arguments), meta={"place": place, "check": expectation.name}
    ).to_domain_obj()


def quiet(context: Any = None) -> None:
    """Let it log errors only, and draw no bars."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # some of its modules set a level of their own
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if context is not None:
        context.variables.progress_bars = ProgressBarsConfig(globally=False)


@cache
def _whole_frame() -> Any:
    """Where frames are handed in, one after the other: a context costs a tenth of a second."""
    import great_expectations as gx

    quiet()
    context = gx.get_context(mode="ephemeral")
    quiet(context)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("all")


def _place(result: Any) -> int:
    return int(result.expectation_config.meta["place"])


def _outcome(expectation: Expectation, result: Any) -> Outcome:
    # one entry, or one by the id of each measure that it needs
    told = result.exception_info or {}
    for fault in [told] if "raised_exception" in told else told.values():
        if not fault["raised_exception"]:
            continue
        raise DataError(
            f"The expectation `{expectation.name}` cannot be judged: {fault['exception_message']}",
            hint="Look at its arguments and at the columns of the frame.",
        )
    details = result.result
    return Outcome(
        expectation.name,
        bool(result.success),
        int(details.get("element_count", 0)) - int(details.get("missing_count") or 0),
        int(details.get("unexpected_count", 0)),
        tuple(sorted(details.get("unexpected_index_list") or ())),
    )
