"""Visitors who ask at a rate, whether or not they are answered in time, and what each of them got."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

_AT_ONCE = 64


@dataclass(frozen=True)
class Answer:
    """`seconds` from when it was due to be asked until the last byte; `status` 0 for one that did not come whole."""

    path: str
    status: int
    seconds: float
    size: int


def ask(port: int, path: str, due: float | None = None, *, packed: bool = False, patience: float = 60.0) -> Answer:
    """One page, over a connection of its own; `size` is that of its body as it came."""
    began = time.monotonic() if due is None else due
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"} if packed else {})
        answer = connection.getresponse()
        body = answer.read()
        return Answer(path, answer.status, time.monotonic() - began, len(body))
    except (OSError, http.client.HTTPException):
        return Answer(path, 0, time.monotonic() - began, 0)
    finally:
        connection.close()


def at_a_rate(
    paths: Iterable[str], port: Callable[[], int], rate: float, *, packed: bool = False, patience: float = 60.0
) -> list[Answer]:
    """Ask each path when it is due, `rate` a second; those that come late wait in line, and that counts as waiting."""
    with ThreadPoolExecutor(_AT_ONCE) as visitors:
        asked = []
        begin = time.monotonic()
        for place, path in enumerate(paths):
            due = begin + place / rate
            time.sleep(max(due - time.monotonic(), 0))
            asked.append(visitors.submit(ask, port(), path, due, packed=packed, patience=patience))
        return [one.result() for one in asked]
