"""The pages that Great Expectations makes of its suites and of what they found: Data Docs.

They say how many rows were not as expected, never what stood in them. Each writing is of one moment; the history of
the results is in the store. Great Expectations lets them load scripts, style sheets and a logo with the deployment's id
from public hosts. All of that is taken out, the first page is one of our own, and a browser is told to load nothing.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from throughline.errors import InfrastructureError, UsageError
from throughline.quality.checks.check import all_checks, measured_frames
from throughline.quality.checks.expectations import WITHOUT_VALUES, Expectation, configured, quiet
from throughline.quality.checks.suites import suites_of
from throughline.schemas.definitions.quality import load_quality_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pandas as pd

    from throughline.schemas.definitions.domain import Domain


# to a browser: nothing but what is in the page, and a picture beside it
_ALONE = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
_FETCHED = (
    # an element with all that is in it, and elements that have no end
    re.compile(r"<(script|style|footer|button)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE),
    re.compile(r"<(?:link|img|base|meta\s+http-equiv)\b[^>]*>", re.IGNORECASE),
    # what would run or be fetched by a word of an element
    re.compile(r"""\s(?:on\w+|src|srcset|background|ping|style)\s*=\s*(?:"[^"]*"|'[^']*')""", re.IGNORECASE),
)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class _Judged:
    """A suite, whether all of it held, and how many of its expectations did."""

    name: str
    success: bool
    held: int
    all: int


def write_data_docs(
    connection: duckdb.DuckDBPyConnection, domain: Domain, as_of: datetime | None, folder: Path
) -> Path:
    """Judge every suite and check, and write the pages into `folder`, which must be new or empty; their first page.

    `connection` is of a store, for reading will do; `as_of` as for `run_checks`. Raises UsageError, DataError,
    InfrastructureError.
    """
    import great_expectations as gx

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder.", hint="Name one that is new.")
    quiet()
    with TemporaryDirectory(prefix="throughline-data-docs-") as project:
        context = gx.get_context(mode="file", project_root_dir=project)
        quiet(context)
        source = context.data_sources.add_pandas("store")
        judged = []
        for name, frame, expectations in _suites(connection, domain, as_of):
            batches = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
            suite = gx.ExpectationSuite(name, expectations=[configured(one) for one in expectations])
            definition = gx.ValidationDefinition(name=name, data=batches, suite=context.suites.add(suite))
            found: Any = context.validation_definitions.add(definition).run(
                batch_parameters={"dataframe": frame}, result_format=WITHOUT_VALUES
            )
            counted = found.statistics
            judged.append(
                _Judged(
                    name,
                    bool(found.success),
                    counted["successful_expectations"],
                    counted["evaluated_expectations"],
                )
            )
        built: Any = context.build_data_docs()
        site = Path(str(built["local_site"]).removeprefix("file://")).parent
        with _in_place(folder) as new:
            for part in ("expectations", "validations"):
                shutil.copytree(site / part, new / part)
            for page in new.rglob("*.html"):
                page.write_text(alone(page.read_text(encoding="utf-8")), encoding="utf-8")
            (new / "index.html").write_text(_index(new, judged), encoding="utf-8")
    return folder / "index.html"


@contextmanager
def _in_place(folder: Path) -> Iterator[Path]:
    """A folder beside it, which takes its place whole, or is gone. Raises InfrastructureError where that fails."""
    new = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
    except (OSError, shutil.Error) as error:
        raise InfrastructureError(
            f"The pages cannot be written to `{folder}`: {error}.", hint="Make room, or name another folder with --out."
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def alone(html: str) -> str:
    """A page of Great Expectations that loads nothing and runs nothing, with a look of its own."""
    for fetched in _FETCHED:
        html = fetched.sub("", html)
    return _HEAD.sub(lambda head: f"{head[0]}\n{_head()}", html, count=1)


def _head() -> str:
    look = (files(__package__) / "data_docs.css").read_text(encoding="utf-8")
    return f"{_ALONE}\n<style>\n{look}</style>\n"


def _index(folder: Path, judged: list[_Judged]) -> str:
    """The first page: every suite, those that failed first, with links to what was found and what is expected."""
    rows = []
    for one in sorted(judged, key=lambda one: (one.success, one.name)):
        place = one.name.replace(".", "/")
        found = next(iter(sorted((folder / "validations" / place).rglob("*.html"))), None)
        links = [
            f'<a href="{escape(page.relative_to(folder).as_posix())}">{words}</a>'
            for page, words in (
                (found, "what was found"),
                (folder / "expectations" / f"{place}.html", "what is expected"),
            )
            if page is not None and page.exists()
        ]
        mark, said = ("held", "held") if one.success else ("failed", "failed")
        rows.append(
            f'<tr><td><code>{escape(one.name)}</code></td><td class="{mark}">{said}</td>'
            f"<td>{one.held} of {one.all}</td><td>{' · '.join(links)}</td></tr>"
        )
    failed = sum(not one.success for one in judged)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Data Docs</title>\n'
        f"{_head()}</head>\n<body>\n<h1>Data Docs</h1>\n<p>{len(judged)} suites; in {failed} an expectation failed. "
        "Made by Great Expectations; nothing on these pages is loaded from elsewhere.</p>\n"
        "<table><thead><tr><th>Suite</th><th>Result</th><th>Expectations that held</th><th>Pages</th></tr></thead>\n"
        f"<tbody>\n{chr(10).join(rows)}\n</tbody></table>\n</body>\n</html>\n"
    )


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
