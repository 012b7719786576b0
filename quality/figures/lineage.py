"""Where figures come from, as events of OpenLineage (2-0-2): from a view back to the sources that published.

What a store says of itself: sources publish to files and topics; a replay, a worker or a steward brings them into
`events`; the join derives tables of it; views read those; an export writes views to files; runs of the checks judge
`events`. Datasets are files, topics, and tables and views by their name; there are names and counts, and nothing of
what an event says. The same store gives the same events: no clock is read, and the ids of runs are derived.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated.base import DatasetFacet
from openlineage.client.generated.data_quality_assertions_dataset import Assertion, DataQualityAssertionsDatasetFacet
from openlineage.client.generated.documentation_dataset import DocumentationDatasetFacet
from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

from throughline import __version__
from throughline.errors import DataError
from throughline.quality.checks.check import release_checks
from throughline.sinks.export import MANIFEST
from throughline.sinks.store import Store
from throughline.sql import cursor_of, one_row, rows_by_name, sql
from throughline.streams.join.derive import DERIVED
from throughline.streams.join.rebuild import LINKED
from throughline.streams.join.rules import RULE_TABLES

Event = RunEvent | JobEvent
FILES, TOPICS = "file", "kafka"
"""Namespaces of datasets that are no part of a store."""
_PRODUCER = f"urn:throughline:release:{__version__}"
_CHECKS = {check.name: check for check in release_checks()}


def lineage(store: Store, namespace: str, exports: Sequence[Path] = ()) -> Iterator[Event]:
    """The lineage of a store: first what is so at any time (jobs), then what was done (runs), in order of time.

    `namespace` is that of its jobs, tables and views; `exports` are folders of Parquet that it was exported to. Raises
    DataError for a folder without a manifest, or with that of another store.
    """
    with cursor_of(store.connection) as cursor:
        yield from _jobs(cursor, namespace)
        yield from _arrivals(cursor, namespace, store.store_id)
        yield from _checks(cursor, namespace, store.store_id)
    for folder in exports:
        yield from _export(store, namespace, folder)


def _jobs(cursor: duckdb.DuckDBPyConnection, namespace: str) -> Iterator[JobEvent]:
    (latest,) = one_row(cursor, "select max(received_at) from events")
    if latest is None:
        raise DataError("The store has no events.", hint="`throughline replay PATH --store FILE` brings some in.")
    job = partial(JobEvent, eventTime=_time(latest), producer=_PRODUCER)
    for source, origins in groupby(_rows(cursor, "sources"), key=itemgetter("source")):
        yield job(
            job=_job(namespace, f"publish {source}"),
            inputs=[InputDataset(namespace, source)],
            outputs=[OutputDataset(*name) for name in sorted({_origin(row) for row in origins})],
        )
    derived = [name for name in (*DERIVED, *LINKED) if not name.startswith("unsettled")]
    yield job(
        job=_job(namespace, "join"),
        inputs=[InputDataset(namespace, name) for name in ("events", *RULE_TABLES)],
        outputs=[OutputDataset(namespace, name) for name in derived],
    )
    for view in _rows(cursor, "views"):
        facets: dict[str, DatasetFacet] = {
            "schema": SchemaDatasetFacet(
                [SchemaDatasetFacetFields(**column) for column in view["columns"]], producer=_PRODUCER
            )
        }
        if view["comment"]:
            facets["documentation"] = DocumentationDatasetFacet(view["comment"], producer=_PRODUCER)
        yield job(
            job=_job(namespace, f"view {view['view_name']}"),
            inputs=[InputDataset(namespace, name) for name in sorted(tables_read(json.loads(view["query"])))],
            outputs=[OutputDataset(namespace, view["view_name"], facets=facets)],
        )


def tables_read(query: Any) -> set[str]:
    """The tables and views that a query reads, in the form of `json_serialize_sql`, less what it makes by `with`."""
    read: set[str] = set()
    made: set[str] = set()
    waiting = [query]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                read.add(node["table_name"])
            made |= {entry["key"] for entry in (node.get("cte_map") or {}).get("map", ())}
            waiting += node.values()
    return read - made


def _arrivals(cursor: duckdb.DuckDBPyConnection, namespace: str, store_id: str) -> Iterator[RunEvent]:
    for (job, run_at), group in groupby(_rows(cursor, "arrivals"), key=itemgetter("job", "run_at")):
        rows = list(group)
        inputs = _counted(rows, _origin)
        outputs = _counted(rows, lambda row: (namespace, row["stands_in"]))
        yield from _run(
            _job(namespace, job, "STREAMING" if job == "worker" else "BATCH"),
            f"{store_id} {job} {run_at.isoformat()}",
            min(row["began_at"] for row in rows),
            max(row["ended_at"] for row in rows),
            [
                InputDataset(
                    *name, inputFacets={"inputStatistics": InputStatisticsInputDatasetFacet(n, producer=_PRODUCER)}
                )
                for name, n in inputs.items()
            ],
            [_filled(*name, n) for name, n in outputs.items()],
        )


def _checks(cursor: duckdb.DuckDBPyConnection, namespace: str, store_id: str) -> Iterator[RunEvent]:
    for (run_id, desk), group in groupby(_rows(cursor, "checks"), key=itemgetter("run_id", "source")):
        rows = list(group)
        facet = DataQualityAssertionsDatasetFacet([_assertion(row) for row in rows], producer=_PRODUCER)
        at = rows[0]["checked_at"]
        yield from _run(
            _job(namespace, f"quality checks {desk}"),
            f"{store_id} checks {desk} {run_id}",
            at,
            at,
            [InputDataset(namespace, "events", inputFacets={"dataQualityAssertions": facet})],
            [_filled(namespace, "quality_results", sum(row["subjects"] for row in rows))],
        )


def _assertion(row: dict[str, Any]) -> Assertion:
    check = _CHECKS.get(row["check_name"])
    return Assertion(
        assertion="custom_sql",
        success=row["held"],
        name=row["check_name"],
        description=None if check is None else check.why,
        expected=None if row["at_most"] is None else f"at most {row['at_most']:g}",
        actual=None if row["observed"] is None else f"{row['observed']:g}",
        params={"subjects": row["subjects"], "failing": row["failing"]},
    )


def _export(store: Store, namespace: str, folder: Path) -> Iterator[RunEvent]:
    path = folder / MANIFEST
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    except (OSError, ValueError) as error:
        raise DataError(
            "cannot be read as the manifest of an export.", file=path, hint="`throughline export --to DIR` writes one."
        ) from error
    if made["store"] != store.store_id:
        raise DataError("is of another store.", file=path, hint="Give the folder that this store was exported to.")
    yield from _run(
        _job(namespace, "export"),
        f"{store.store_id} export {folder.resolve()} {made['commit']}",
        written,
        written,
        [InputDataset(namespace, file["view"]) for file in made["files"]],
        [_filled(FILES, str(folder / file["file"]), file["rows"]) for file in made["files"]],
    )


def _run(
    job: Job,
    key: str,
    began: datetime,
    ended: datetime,
    inputs: list[InputDataset],
    outputs: list[OutputDataset],
) -> Iterator[RunEvent]:
    """The beginning of a run, and its end with what it read and wrote."""
    event = partial(RunEvent, run=Run(str(uuid.uuid5(uuid.NAMESPACE_URL, key))), job=job, producer=_PRODUCER)
    yield event(eventTime=_time(began), eventType=RunState.START)
    yield event(eventTime=_time(ended), eventType=RunState.COMPLETE, inputs=inputs, outputs=outputs)


def _job(namespace: str, name: str, processing: str = "BATCH") -> Job:
    kind = JobTypeJobFacet(processingType=processing, integration="THROUGHLINE", jobType="JOB", producer=_PRODUCER)
    return Job(namespace, name, facets={"jobType": kind})


def _filled(namespace: str, name: str, rows: int) -> OutputDataset:
    facet = OutputStatisticsOutputDatasetFacet(rowCount=rows, producer=_PRODUCER)
    return OutputDataset(namespace, name, outputFacets={"outputStatistics": facet})


def _counted(rows: Iterable[dict[str, Any]], name_of: Any) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        counts[name_of(row)] = counts.get(name_of(row), 0) + row["records"]
    return dict(sorted(counts.items()))


def _origin(row: dict[str, Any]) -> tuple[str, str]:
    return (TOPICS if row["is_topic"] else FILES, row["origin"])


def _time(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _rows(cursor: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return rows_by_name(cursor, sql(__package__, f"lineage_sql/{name}"))
