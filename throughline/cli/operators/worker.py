"""`worker`: join what agencies publish, as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.options import broker_options, topic_prefix_option, usual_domain_option


@click.command(short_help="Join what agencies publish, as it arrives.")
@broker_options
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("live"),
    show_default=True,
    help="Folder for the stores of its partitions: partition-00.duckdb and so on.",
)
@topic_prefix_option
@usual_domain_option
@click.option("--group", default="throughline", show_default=True, help="Consumer group: its workers share the work.")
@click.option("--instance", help="A name for this worker that it keeps over restarts (static membership).")
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    default=6067,
    show_default=True,
    help="Port on 127.0.0.1 for /live, /ready and /metrics; 0 for any.",
)
@click.option("--memory-limit", default="2GB", show_default=True, help="Memory for each open store.")
@click.option("--publish/--no-publish", "publishes", default=True, help="Whether to publish to the shared topics.")
@click.option("--json-logs", is_flag=True, help="Write the log as one JSON object a line, for machines.")
def worker(**settings: Any) -> None:
    """Join the case events of all agencies as they arrive, and publish the shared topics.

    Several workers of one group share the partitions. It ends cleanly on SIGTERM. Where it would be wrong to go on, it
    stops with exit code 70 and says why.

    Example: throughline worker --bootstrap localhost:9092 --folder live
    """
    # Faust takes a second to import, which no other command should wait for
    from throughline.streams.worker.process import LiveWorker

    LiveWorker(**settings).run()
