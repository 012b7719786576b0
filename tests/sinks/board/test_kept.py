"""What was worked out of a state is asked of the stores once, and dropped when there is too much."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from throughline.errors import QueryError
from throughline.sinks.board.frame.settings import PAGE_LIMITS, shared_out
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.questions.limits import size_in_bytes


def counting(calls: list[str], what: str, made: object = None) -> object:
    calls.append(what)
    return made


def test_results_of_two_states_stand_beside_one_another() -> None:
    """What belongs to no state, such as the measures, does not push out what does."""
    kept, calls = Kept(), list[str]()
    for stamp, key in (("a", "rows"), ("measures", "measures"), ("a", "rows"), ("b", "rows"), ("a", "rows")):
        kept.get(stamp, key, lambda stamp=stamp, key=key: counting(calls, f"{stamp} {key}"))  # type: ignore[misc]
    assert calls == ["a rows", "measures measures", "b rows"]


def test_what_says_how_large_it_is_counts_as_that() -> None:
    """Of two hundred bytes, two of ninety stay, and the one asked for last."""

    class Rows:
        nbytes = 90

    kept, calls = Kept(most_bytes=200), list[str]()
    for key in ("one", "two", "one", "three", "one", "two"):
        kept.get("a", key, lambda key=key: counting(calls, key, Rows()))  # type: ignore[misc]
    assert calls == ["one", "two", "three", "two"]


def test_many_readers_of_one_thing_ask_once() -> None:
    kept, calls, begun, go_on = Kept(), list[str](), threading.Event(), threading.Event()

    def slowly() -> str:
        begun.set()
        go_on.wait()
        calls.append("asked")
        return "made"

    with ThreadPoolExecutor(8) as readers:
        first = readers.submit(kept.get, "a", "page", slowly)
        begun.wait()
        others = [readers.submit(kept.get, "a", "page", slowly) for _ in range(7)]
        # another key is not held up by it
        assert kept.get("a", "other", lambda: "other") == "other"
        go_on.set()
        assert [one.result() for one in (first, *others)] == ["made"] * 8
    assert calls == ["asked"]


def test_a_fault_is_raised_to_all_and_not_kept() -> None:
    kept, calls = Kept(), list[str]()

    def fails() -> None:
        calls.append("asked")
        raise QueryError("too much")

    for _ in range(2):
        with pytest.raises(QueryError, match="too much"):
            kept.get("a", "page", fails)
    assert calls == ["asked", "asked"]
    assert kept.get("a", "page", lambda: 1) == 1


def test_who_waits_too_long_is_told() -> None:
    kept, begun, go_on = Kept(seconds=0.01), threading.Event(), threading.Event()

    def slowly() -> int:
        begun.set()
        go_on.wait()
        return 1

    with ThreadPoolExecutor(1) as readers:
        first = readers.submit(kept.get, "a", "page", slowly)
        begun.wait()
        with pytest.raises(QueryError, match="still being worked out"):
            kept.get("a", "page", slowly)
        go_on.set()
        assert first.result() == 1


def test_tables_beyond_the_limit_push_out_those_not_asked_for_longest() -> None:
    """Of 800 bytes each, two fit into 2,000."""
    kept, calls = Kept(most_bytes=2_000), list[str]()
    table = pa.table({"n": pa.array(range(100), pa.int64())})
    for key in ("one", "two", "one", "three", "one", "two"):
        kept.get("a", key, lambda key=key: counting(calls, key, table))  # type: ignore[misc]
    assert calls == ["one", "two", "three", "two"]


def test_a_state_that_is_shown_no_more_is_forgotten() -> None:
    kept, calls = Kept(), list[str]()
    for stamp in ("a", "b"):
        kept.get(stamp, "rows", lambda stamp=stamp: counting(calls, stamp))  # type: ignore[misc]
    kept.forget({"a"})
    for stamp in ("a", "b"):
        kept.get(stamp, "rows", lambda stamp=stamp: counting(calls, stamp))  # type: ignore[misc]
    assert calls == ["a", "b", "a"]


def test_the_memory_of_a_board_is_shared_out() -> None:
    """Half for what is kept, a quarter for DuckDB over each of two states."""
    limits, kept = shared_out(4 * 1024 * 1024 * 1024)

    assert (size_in_bytes(limits.memory), kept) == (1024 * 1024 * 1024, 2 * 1024 * 1024 * 1024)
    assert limits.seconds == PAGE_LIMITS.seconds
