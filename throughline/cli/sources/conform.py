"""`source conform`: whether what an agency would send keeps to what was agreed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from throughline.cli.terminal.options import (
    broker_options_without,
    mapping_of,
    mapping_option,
    taken_at_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.progress import progress_bar
from throughline.cli.terminal.writing import write_file
from throughline.errors import UsageError
from throughline.quality.conformity.feed import read_topic, store_for
from throughline.quality.conformity.judgement import judge_feed
from throughline.quality.conformity.report import as_json, as_page, as_text
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.connection.security import Security
from throughline.streams.join.replay import replay

_FORMS = {"text": as_text, "json": as_json, "html": as_page}


@click.command("conform", short_help="Judge an export, or a topic, before it goes live.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@usual_domain_option
@mapping_option
@taken_at_option
@click.option("--topic", help="Judge what a topic of a broker holds now, instead of files.")
@broker_options_without(" With --topic.")
@topic_prefix_option
@click.option("--format", "form", type=click.Choice(list(_FORMS)), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to a file.")
def conform(
    paths: tuple[Path, ...],
    domain: Domain,
    mapping_name: str | None,
    taken_at: str | None,
    topic: str | None,
    bootstrap: str | None,
    security: Security,
    topic_prefix: str,
    form: str,
    out: Path | None,
) -> None:
    """Judge what an agency would send: files (PATHS), through a mapping if they are an export, or a topic of a broker.

    Says for sign-off what was refused and why, which fields are never filled, how exact and how late times are, which
    numbers are missing, what was said twice or otherwise, and which restricted fields are sent. Nothing is published.
    Ends with 1 where what was agreed is not kept; the domain's `service_levels` say what that is.

    Example: throughline source conform crimes.csv --mapping crimes.yaml --format html --out crimes.html
    """
    if bool(paths) == (topic is not None):
        raise UsageError("Give files or a topic to judge, one of the two.", hint="throughline source conform FILE …")
    if topic is not None and bootstrap is None:
        raise UsageError("--topic needs a broker.", hint="Give --bootstrap HOST:PORT.")
    mapping = mapping_of(mapping_name, domain, taken_at)
    with store_for(domain) as store, progress_bar() as report:
        if topic is None:
            counts = replay(store, domain, list(paths), mapping=mapping, report=report)
            what = ", ".join(path.name or str(path) for path in paths)
        else:
            topics = load_topics(domain, prefix=topic_prefix)
            counts = read_topic(store, domain, topics, topic, bootstrap or "", security, report)
            what = topic
        report("judging", 0, None)
        judged = judge_feed(store.connection, domain, what, counts.read, counts.duplicate)
    text = _FORMS[form](judged)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_file(out, text.encode())
        click.echo(f"{what}: {judged.verdict}. The report is in {out}.")
    if judged.faults:
        sys.exit(1)
