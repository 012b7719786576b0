"""What takes long is done for so many readers at once, and no more; for those who ask for the same, once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from throughline.errors import QueryError
from throughline.sinks.board.reading.turn import Turns


@pytest.fixture
def two() -> Iterator[Turns]:
    turns = Turns(60, 2)
    yield turns
    turns.close()


async def begun(turns: Turns, key: str, make: object) -> asyncio.Task[object]:
    task = asyncio.create_task(turns.made(key, make))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    return task


def test_of_many_readers_so_many_are_served_at_once(two: Turns) -> None:
    both, at_once, most = threading.Barrier(2), [], []

    def read() -> None:
        at_once.append(1)
        most.append(len(at_once))
        # nobody goes on before two are in: and never are three
        both.wait(timeout=60)
        at_once.pop()

    async def six() -> None:
        await asyncio.gather(*(two.made(number, read) for number in range(6)))

    asyncio.run(six())
    assert max(most) == 2


def test_what_several_ask_for_is_made_once_and_takes_one_turn(two: Turns) -> None:
    """The other turn is free for something else, which is not held up."""
    go_on, calls = threading.Event(), []

    def slowly() -> str:
        calls.append("asked")
        assert go_on.wait(timeout=60)
        return "page"

    async def asked() -> list[object]:
        same = [await begun(two, "page", slowly) for _ in range(5)]
        assert await two.made("other", lambda: "other") == "other"
        go_on.set()
        return [await one for one in same]

    assert asyncio.run(asked()) == ["page", None, None, None, None]
    assert calls == ["asked"]


def test_a_fault_is_raised_to_all_and_the_turn_is_free_again(two: Turns) -> None:
    go_on = threading.Event()

    def fail() -> None:
        assert go_on.wait(timeout=60)
        raise ValueError("fault")

    async def asked() -> None:
        both = [await begun(two, "page", fail) for _ in range(2)]
        go_on.set()
        for one in both:
            with pytest.raises(ValueError, match="fault"):
                await one
        assert [await two.made(number, lambda: "made") for number in range(3)] == ["made"] * 3

    asyncio.run(asked())


def test_who_gets_no_turn_in_time_is_told_so() -> None:
    turns, go_on = Turns(0.01, 1), threading.Event()

    async def asked() -> None:
        first = await begun(turns, "first", lambda: go_on.wait(timeout=60))
        with pytest.raises(QueryError, match="Too many figures"):
            await turns.made("second", lambda: None)
        go_on.set()
        assert await first is True

    asyncio.run(asked())
    turns.close()
