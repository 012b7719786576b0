"""`ingest`: an agency's events over HTTP."""

from __future__ import annotations

import logging
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from throughline.cli.terminal.listening import address_of, listening_at
from throughline.cli.terminal.options import (
    broker_options_without,
    format_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.sending import client_option, heartbeat_option, outbox_option, structured_option
from throughline.cli.terminal.writing import write_rows
from throughline.errors import AccessError, UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sinks.questions.query import Format
from throughline.sources.connection.security import Security
from throughline.sources.ingest.opening import SERVER, check_host, proxies_of
from throughline.sources.ingest.token import Tokens, make_token, read_tokens, revoke, write_tokens
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher

_FILE = click.Path(path_type=Path, dir_okay=False)
# a source that was heard of within so many intervals lives
_INTERVALS = 2
# a topic that was missing is there by then
_RETRY_SECONDS = 30.0

_tokens_option = click.option(
    "--tokens",
    "tokens_path",
    type=_FILE,
    default=Path("ingest-tokens.yaml"),
    show_default=True,
    envvar="THROUGHLINE_INGEST_TOKENS",
    help="Who may post, for whom: a YAML file that holds hashes.",
)


@click.group(invoke_without_command=True, short_help="Take an agency's events over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need TLS.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 for a free one.")
@_tokens_option
@broker_options_without(" Without one, events wait in the outbox for `publish` to send them.")
@topic_prefix_option
@usual_domain_option
@outbox_option("; receipts are kept beside it")
@click.option("--tls-cert", type=_FILE, help="Certificate of this service (PEM), with those that vouch for it.")
@click.option("--tls-key", type=_FILE, help="Its private key (PEM).")
@click.option(
    "--proxy", "proxies", multiple=True, metavar="ADDRESS", help="A proxy that ends TLS; nobody else is answered."
)
@client_option
@structured_option
@heartbeat_option(60.0, "Tell the broker every this many seconds which sources were heard of lately.")
@click.option(
    "--rate",
    type=click.IntRange(1),
    default=5_000,
    show_default=True,
    help="Events a second of one source; four times as many at once.",
)
@click.option("--max-body", type=click.IntRange(1), default=8, show_default=True, help="Megabytes of a request.")
@click.option("--max-requests", type=click.IntRange(1), default=32, show_default=True, help="Requests at once.")
@click.option(
    "--body-seconds", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="For a request."
)
@click.pass_context
def ingest(
    context: click.Context,
    host: str,
    port: int,
    tokens_path: Path,
    bootstrap: str | None,
    security: Security,
    topic_prefix: str,
    domain: Domain,
    outbox_path: Path,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    client: str,
    structured: bool,
    heartbeat: float,
    rate: int,
    max_body: int,
    max_requests: int,
    body_seconds: float,
) -> None:
    """Take CloudEvents over HTTP into the outbox, and send them. `GET /` describes it.

    An answer of 202 says that the events are on the disk: they will arrive, even if the broker or this process is down
    for a while. Its receipt names each record that the catalogue refuses, and why.

    Example: throughline ingest --bootstrap localhost:9092
    """
    if context.invoked_subcommand is not None:
        return
    # kept out of the other commands' start
    import uvicorn

    from throughline.sources.ingest.app import Condition, Service, create_app
    from throughline.sources.ingest.body import BodyLimits
    from throughline.sources.ingest.intake import Intake
    from throughline.sources.ingest.load import Load, Rates
    from throughline.sources.ingest.receipts import Receipts, receipts_path

    networks = proxies_of(proxies)
    _check_tls(tls_cert, tls_key)
    check_host(host, tls_cert, networks)
    topics = load_topics(domain, prefix=topic_prefix)
    tokens = _usable_tokens(tokens_path, topics)
    schemas = SchemaStore(domain)
    logging.getLogger("throughline.sources.ingest").setLevel(logging.INFO)
    with ExitStack() as opened:
        outbox = opened.enter_context(Outbox(outbox_path))
        receipts = opened.enter_context(Receipts(receipts_path(outbox_path)))
        rates = Rates(rate, rate * 4)
        heard: dict[str, float] = {}
        publisher = None
        if bootstrap is not None:

            def lives(source: str) -> bool:
                return time.monotonic() - heard.get(source, float("-inf")) <= heartbeat * _INTERVALS

            publisher = opened.enter_context(
                Publisher(
                    bootstrap, topics, domain, outbox, client=client, security=security, structured=structured,
                    heartbeat_seconds=heartbeat, lives=lives, retry_seconds=_RETRY_SECONDS,
                    schemas=schemas,
                )
            )  # fmt: skip
        service = Service(
            Intake(
                domain, schemas, topics, outbox, receipts, structured=structured,
                count=lambda source, events: rates.take(source, max(0, events - 1)),  # a request has counted as one
                wake=publisher.wake if publisher else lambda: None,
            ),
            tokens,
            rates,
            domain.title,
            [form.wire_type for form in domain.rules.forms],
            Load(max_requests, max(64, max_body) * 1_048_576),
            BodyLimits(max_body * 1_048_576, body_seconds),
            networks,
            Condition(
                failure=lambda: publisher.failure if publisher else None,
                waiting=lambda: outbox.waiting,
                broker=lambda: _broker(publisher),
            ),
            heard,
        )  # fmt: skip
        config = uvicorn.Config(
            create_app(service), host=host, port=port, limit_concurrency=max_requests * 8,
            ssl_certfile=tls_cert, ssl_keyfile=tls_key, **SERVER,
        )  # fmt: skip
        listening = listening_at(host, port, what="The service")
        scheme = "http" if tls_cert is None else "https"
        click.echo(f"Events are taken at {scheme}://{address_of(listening)}/events  (Ctrl+C ends it)")
        if publisher is None:
            click.echo("No broker was named: events wait in the outbox.", err=True)
        # uvicorn raises the signal once more when it has ended: the outbox is to be closed all the same
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.Server(config).run(sockets=[listening])


def _broker(publisher: Publisher | None) -> str:
    if publisher is None:
        return "none named"
    return "away" if publisher.trouble else "well"


def _check_tls(certificate: Path | None, key: Path | None) -> None:
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key go together.", hint="Give both.")
    for file in (certificate, key):
        if file is not None and not file.is_file():
            raise UsageError(f"There is no file `{file}`.", hint="Check the path.")


def _usable_tokens(path: Path, topics: Topics) -> Tokens:
    """The tokens of a file, each of an agency that has a topic. Raises UsageError where there is none."""
    tokens = read_tokens(path)
    if not tokens:
        raise UsageError(
            f"There is no token in `{path}`: nobody could post.",
            hint="`throughline ingest token add --agency AGENCY --source URN` makes one.",
        )
    for agency in sorted({token.agency for token in tokens}):
        topics.of_agency(agency)
    return Tokens(path)


@ingest.group()
def token() -> None:
    """Make the tokens by which agencies' systems post, list them, or take one back."""


@token.command()
@click.option("--agency", required=True, help="The agency that the system speaks for.")
@click.option("--source", required=True, help="The system that publishes, as its events say it.")
@click.option("--area", "areas", multiple=True, help="An area that it may speak of; several times. Default: every.")
@click.option("--days", type=click.IntRange(1, 3_650), default=365, show_default=True, help="How long it counts.")
@_tokens_option
@usual_domain_option
def add(agency: str, source: str, areas: tuple[str, ...], days: int, tokens_path: Path, domain: Domain) -> None:
    """Make a token and print its secret, which is kept nowhere and cannot be shown again.

    A service that runs takes it from the next request on.

    Example: throughline ingest token add --agency police --source urn:example:police:20:rms --area 20 > token
    """
    made, secret = make_token(
        domain, agency=agency, source=source, areas=areas, days=days, today=datetime.now(UTC).date()
    )
    write_tokens(tokens_path, [*read_tokens(tokens_path), made])
    click.echo(f"Token {made.id} counts until {made.expires}. Keep the secret: it is not shown again.", err=True)
    click.echo(secret)


@token.command("list")
@_tokens_option
@format_option
def list_(tokens_path: Path, format_: Format | None) -> None:
    """List the tokens, without their secrets.

    Example: throughline ingest token list
    """
    today = datetime.now(UTC).date()
    write_rows(
        ["token", "agency", "source", "areas", "issued", "expires", "state"],
        [
            (
                one.id, one.agency, one.source, "every" if one.areas is None else ", ".join(sorted(one.areas)),
                str(one.issued), str(one.expires), one.why_not(today) or "counts",
            )
            for one in read_tokens(tokens_path)
        ],
        format_,
    )  # fmt: skip


@token.command("revoke")
@click.argument("token_id", metavar="TOKEN")
@_tokens_option
def revoke_command(token_id: str, tokens_path: Path) -> None:
    """Take a token back. A service that runs refuses it from the next request on.

    Example: throughline ingest token revoke 4f1c2a9e
    """
    if not tokens_path.exists():
        raise AccessError("is not there.", file=tokens_path, hint="Give --tokens FILE.")
    write_tokens(tokens_path, revoke(read_tokens(tokens_path), token_id, datetime.now(UTC).date()))
    click.echo(f"Token {token_id} is revoked.")
