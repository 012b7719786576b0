"""The pages that Great Expectations makes of its suites and of what they found: Data Docs.

They say how many rows were not as expected, never what stood in them. Each writing is of one moment; the history of
the results is in the store.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from throughline.errors import UsageError
from throughline.quality.checks.check import all_checks, measured_frames
from throughline.quality.checks.expectations import WITHOUT_VALUES, Expectation, configured, quiet
from throughline.quality.checks.suites import suites_of
from throughline.schemas.definitions.quality import load_quality_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pandas as pd

    from throughline.schemas.definitions.domain import Domain


def write_data_docs(
    connection: duckdb.DuckDBPyConnection, domain: Domain, as_of: datetime | None, folder: Path
) -> Path:
    """Judge every suite and check, and write the pages into `folder`, which must be new or empty; their first page.

    `connection` is of a store, for reading will do; `as_of` as for `run_checks`. Raises UsageError, DataError.
    """
    import great_expectations as gx

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder.", hint="Name one that is new.")
    quiet()
    with TemporaryDirectory(prefix="throughline-data-docs-") as project:
        context = gx.get_context(mode="file", project_root_dir=project)
        quiet(context)
        source = context.data_sources.add_pandas("store")
        for name, frame, expectations in _suites(connection, domain, as_of):
            batches = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
            suite = gx.ExpectationSuite(name, expectations=[configured(one) for one in expectations])
            definition = gx.ValidationDefinition(name=name, data=batches, suite=context.suites.add(suite))
            context.validation_definitions.add(definition).run(
                batch_parameters={"dataframe": frame}, result_format=WITHOUT_VALUES
            )
        built: Any = context.build_data_docs()
        site = Path(str(built["local_site"]).removeprefix("file://")).parent
        shutil.copytree(site, folder, dirs_exist_ok=True)
    return folder / "index.html"


def _suites(
    connection: duckdb.DuckDBPyConnection, domain: Domain, as_of: datetime | None
) -> Iterator[tuple[str, pd.DataFrame, tuple[Expectation, ...]]]:
    """Name, frame and expectations of each suite that has rows."""
    rules = load_quality_rules(domain)
    usual = {one.name: rules.limit(one.name, "", one.at_most) for one in all_checks()}
    for check, measured in measured_frames(connection, domain, rules, as_of):
        # a feed with a limit of its own is judged by that, on a page of its own; a point would make it a folder
        is_usual = check.at_most == usual[check.name]
        name = check.name if is_usual else f"{check.name} at most {check.at_most:g}".replace(".", ",")
        yield name, measured.to_pandas(), (check.expectation,)
    for suite in suites_of(domain, rules):
        frame = connection.execute(suite.frame).df()
        if not frame.empty:
            yield suite.subject, frame, suite.expectations
