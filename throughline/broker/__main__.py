"""`python -m throughline.broker`: a broker at hand until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import click

from throughline.broker.local_broker import LocalBroker
from throughline.errors import BrokerError, ThroughlineError

_LOOK_SECONDS = 1.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", type=click.IntRange(1, 65535), default=9092, show_default=True, help="On 127.0.0.1.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("broker"),
    show_default=True,
    help="Where its records stay.",
)
@click.option("--heap", default="512m", show_default=True, help="Memory for Java.")
def broker(port: int, folder: Path, heap: str) -> None:
    """Run Apache Kafka on this machine, for this machine only, until Ctrl-C. Needs Java 17, and Maven once."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with LocalBroker(folder, port=port, heap=heap) as running:
        click.echo(
            f"The broker answers at {running.bootstrap}; its log is {running.log}. Stop it with Ctrl-C.", err=True
        )
        click.echo(f"export KAFKA_BOOTSTRAP={running.bootstrap}")
        sys.stdout.flush()
        try:
            while running.pid is not None:
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            return
        raise BrokerError("The broker stopped by itself.", hint=f"Its log, {running.log}, says why.")


def main() -> None:
    """Run it; an error that Throughline knows becomes two sentences and an exit code."""
    try:
        broker.main(standalone_mode=False)
    except ThroughlineError as error:
        click.echo(f"broker: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


if __name__ == "__main__":
    main()
