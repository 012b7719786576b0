"""What waits between the fetching of records and their committing: bounded, so that a slow disk holds the fetching."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from throughline.streams.log.fetch import Fetch


@dataclass(frozen=True)
class Assigned:
    """These partition numbers are ours now, and no others; `done` is set when it is known where each stands."""

    numbers: frozenset[int]
    done: threading.Event


@dataclass(frozen=True)
class Revoked:
    """None of these partition numbers is ours any more; `done` is set when their stores are closed."""

    numbers: frozenset[int]
    done: threading.Event


Item = Fetch | Assigned | Revoked


class Inbox:
    """Items in order, from several threads to one; `put` waits while `most_bytes` of records wait already."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Add an item; records wait for room, commands do not. What comes after `close` is dropped."""
        size = item.size if isinstance(item, Fetch) else 0
        with self._changed:
            while size and self._bytes and self._bytes + size > self._most_bytes and not self._closed:
                self._changed.wait(1.0)
            if self._closed and size:
                return
            self._items.append(item)
            self._bytes += size
            self._changed.notify_all()

    def take(self, seconds: float) -> list[Item]:
        """What comes next: a command, or all records of the partition number whose records wait longest.

        Never records past a command. After at most `seconds`, nothing. So a partition's records wait for those of each
        other at most once.
        """
        with self._changed:
            if not self._items and not self._closed:
                self._changed.wait(seconds)
            taken, left = _next(self._items)
            self._items = left
            self._bytes -= sum(item.size for item in taken if isinstance(item, Fetch))
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        return self._closed


def _next(items: deque[Item]) -> tuple[list[Item], deque[Item]]:
    """What is taken of the items, and what is left, both in order."""
    first = items[0] if items else None
    if not isinstance(first, Fetch):
        return ([] if first is None else [items.popleft()]), items
    taken: list[Item] = []
    left: deque[Item] = deque()
    while items and isinstance(items[0], Fetch):
        item = items.popleft()
        of_first = isinstance(item, Fetch) and item.partition == first.partition
        (taken if of_first else left).append(item)
    return taken, left + items
