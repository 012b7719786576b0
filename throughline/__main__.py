"""`python -m throughline` is the command."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command. While it is being loaded, Ctrl-C ends it without a word: nothing has begun."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from throughline.cli.main import main as command

    command()


if __name__ == "__main__":
    main()
