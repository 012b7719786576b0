"""What waits between fetching and committing: in order, bounded by bytes, and let go when it is closed."""

from __future__ import annotations

import threading
import time

from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.inbox import Assigned, Inbox, Revoked


def fetch(size: int, offset: int = 0, partition: int = 3) -> Fetch:
    return Fetch("police.case-events", partition, [offset], [0], [b"x" * size], [()])


def put_beside(inbox: Inbox, item: Fetch) -> threading.Thread:
    thread = threading.Thread(target=inbox.put, args=(item,), daemon=True)
    thread.start()
    return thread


def test_items_come_out_in_order_records_and_commands_alike() -> None:
    inbox = Inbox(1_000)
    done = threading.Event()
    items = [fetch(10), Assigned(frozenset({3}), done), fetch(10, 1), Revoked(frozenset({3}), done)]
    for item in items:
        inbox.put(item)

    assert [inbox.take(0) for _ in items] == [[item] for item in items]
    assert inbox.take(0) == []


def test_records_of_a_partition_come_together_and_the_longest_waiting_first() -> None:
    inbox = Inbox(1_000)
    one, other, more, last = fetch(1, 0, 3), fetch(10, 0, 5), fetch(100, 1, 3), fetch(1, 0, 4)
    for item in (one, other, more):
        inbox.put(item)

    assert inbox.take(0) == [one, more]
    inbox.put(last)
    assert inbox.take(0) == [other]
    assert inbox.take(0) == [last]


def test_records_do_not_pass_a_command() -> None:
    """Those that came after a partition was taken away are not ours, whichever partition that was."""
    inbox = Inbox(1_000)
    revoked = Revoked(frozenset({5}), threading.Event())
    for item in (fetch(1, 0, 3), fetch(1, 0, 5), revoked, fetch(1, 1, 3)):
        inbox.put(item)

    assert inbox.take(0) == [fetch(1, 0, 3)]
    assert inbox.take(0) == [fetch(1, 0, 5)]
    assert inbox.take(0) == [revoked]
    assert inbox.take(0) == [fetch(1, 1, 3)]


def test_records_wait_for_room_and_commands_do_not() -> None:
    inbox = Inbox(100)
    inbox.put(fetch(80))
    waiting = put_beside(inbox, fetch(30, 1))
    inbox.put(Revoked(frozenset({3}), threading.Event()))
    time.sleep(0.1)

    assert waiting.is_alive()
    assert inbox.take(0) == [fetch(80)]
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(inbox.take(0)) == 1
    assert [item.offsets for item in inbox.take(0) if isinstance(item, Fetch)] == [[1]]


def test_a_fetch_larger_than_the_room_goes_in_alone() -> None:
    inbox = Inbox(100)
    inbox.put(fetch(500))

    assert len(inbox.take(0)) == 1


def test_tombstones_take_no_room() -> None:
    inbox = Inbox(10)
    inbox.put(fetch(10))
    inbox.put(Fetch("police.case-events", 3, [1], [0], [None], [()]))

    assert len(inbox.take(0)) == 2


def test_closing_lets_go_who_waits_and_drops_records_that_come_later() -> None:
    """They stay in the log; the store knows where it stands."""
    inbox = Inbox(100)
    inbox.put(fetch(80))
    waiting = put_beside(inbox, fetch(30, 1))
    time.sleep(0.05)
    inbox.close()
    waiting.join(5)
    inbox.put(fetch(5, 2))

    assert not waiting.is_alive()
    assert inbox.is_closed
    assert [item.offsets for item in inbox.take(60) if isinstance(item, Fetch)] == [[0]]
    assert inbox.take(60) == []


def test_a_command_that_comes_after_closing_is_kept() -> None:
    """Who waits for its `done` is answered by the last round."""
    inbox = Inbox(100)
    inbox.close()
    inbox.put(Revoked(frozenset({3}), threading.Event()))

    assert len(inbox.take(0)) == 1


def test_taking_waits_for_the_first_item() -> None:
    inbox = Inbox(100)
    timer = threading.Timer(0.1, inbox.put, [fetch(1)])
    timer.start()

    assert len(inbox.take(10)) == 1
    timer.join()


def test_closing_lets_go_who_waits_for_an_item() -> None:
    """At once, however long it would have waited."""
    inbox = Inbox(100)
    timer = threading.Timer(0.1, inbox.close)
    timer.start()
    begun = time.monotonic()

    assert inbox.take(60) == []
    assert time.monotonic() - begun < 30
    timer.join()
