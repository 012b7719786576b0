"""Look at a folder again and again, and take what is finished."""

from __future__ import annotations

import threading
from collections.abc import Callable

from throughline.errors import BrokerRefused, InfrastructureError, OutboxFull
from throughline.sources.publish.publisher import Publisher
from throughline.sources.watch.finished import Finished
from throughline.sources.watch.report import Report
from throughline.sources.watch.taking import Taking


def watch(
    finished: Finished,
    taking: Taking,
    publisher: Publisher,
    *,
    every_seconds: float,
    once: bool,
    stop: threading.Event,
    taken: Callable[[Report], None],
    note: Callable[[str], None],
) -> None:
    """Take finished files until `stop` is set or, `once`, until every file rests and has been looked at.

    `taken` is told what became of each, `note` what keeps one from being taken: each once. A folder that cannot be read
    and an outbox without room are waited for, but not `once`. Raises InfrastructureError and its kinds.
    """
    said: set[str] = set()

    def say(text: str) -> None:
        if text not in said:
            said.add(text)
            note(text)

    while not stop.is_set():
        try:
            found = finished.look()
            for file in found:
                if stop.is_set():
                    break
                report = taking.take(file, finished.leave)
                if report is not None:
                    taken(report)
            for name, why in finished.waiting.items():
                say(f"{name} is left alone: {why}.")
            publisher.flush(0)
        except BrokerRefused as error:
            say(str(error))
        except OutboxFull as error:
            if once:
                raise
            say(f"{error.what} The files wait.")
        except InfrastructureError as error:
            if once or finished.folder.is_dir():
                raise
            say(error.what)
        else:
            if once and not found and not finished.is_settling:
                return
        stop.wait(every_seconds)
