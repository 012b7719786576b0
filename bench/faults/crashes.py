"""Faults of processes: workers and the broker killed or stopped, workers joining and leaving, clocks that jump."""

from __future__ import annotations

import os
import signal
import time

from bench.faults.check import Checked, check
from bench.faults.workers import Failed, Worker
from bench.faults.world import Publishing, Run, World


def worker_killed(run: Run, kills: int) -> tuple[int, float, Checked]:
    """SIGKILL while records come, again and again: mostly soon after it has taken some, else at any time."""
    publishing = run.publish(run.sendings(), seconds=2.0 * kills)
    worker, killed = run.start(), 0
    while killed < kills:
        if run.random.random() < 0.7:
            _wait_for_progress(worker, run.random.randint(1, 20))
            time.sleep(run.random.uniform(0.0, 0.8))
        else:
            time.sleep(run.random.uniform(0.1, 3.0))
        killed += worker.kill()
        worker = run.start()
    return killed, *finish(run, publishing, worker)


def worker_killed_at_statement(run: Run, kills: int) -> tuple[int, float, Checked]:
    """SIGKILL right after the n-th statement or writing of the mark, n drawn anew each time."""
    publishing = run.publish(run.sendings(), seconds=2.5 * kills)
    # opening a store is some hundred statements, and so is a transaction
    for _ in range(kills):
        worker = run.start(statements=run.random.choice([run.random.randint(1, 200), run.random.randint(100, 1500)]))
        try:
            worker.wait(8.0)
        except Failed:
            worker.kill()
    killed = kills
    return killed, *finish(run, publishing, run.start())


def taker_killed_at_statement(run: Run, kills: int) -> tuple[int, float, Checked]:
    """SIGKILL right after the n-th statement of opening a store and taking records, without the rest of a worker."""
    publishing = run.publish(run.sendings())
    publishing.finish()
    numbers = sorted({number for _, number in run.ends()})
    killed = 0
    for number in range(kills):
        # by turns: anywhere in the opening and the first transaction, and some transactions on
        statements = run.random.randint(1, 250) if number % 2 else run.random.randint(100, 900)
        taker = run.start_part(
            "taker", statements=statements, folder=str(run.folder), number=run.random.choice(numbers)
        )
        code = taker.wait(60.0)
        if code not in (0, -signal.SIGKILL):
            raise Failed(f"a taker ended with {code}\n{taker.said()}")
        killed += code == -signal.SIGKILL
    return killed, *finish(run, publishing, run.start())


def broker_killed(run: Run, kills: int) -> tuple[int, float, Checked]:
    """The broker is killed while records come and are taken, and started again after 0 to 3 s."""
    publishing, worker = run.publish(run.sendings(), seconds=6.0 * kills), run.start()
    for _ in range(kills):
        time.sleep(run.random.uniform(0.5, 4.0))
        run.world.broker.kill()
        time.sleep(run.random.uniform(0.0, 3.0))
        run.world.broker.start()
        worker = going_on(run, worker)
    return kills, *finish(run, publishing, worker, may_stop=True)


def broker_paused(run: Run, times: int) -> tuple[int, float, Checked]:
    """SIGSTOP of the broker for 3 to 25 s, then SIGCONT."""
    publishing, worker = run.publish(run.sendings(), seconds=12.0 * times), run.start()
    for _ in range(times):
        time.sleep(run.random.uniform(1.0, 4.0))
        pid = run.world.broker.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        time.sleep(run.random.uniform(3.0, 25.0))
        os.kill(pid, signal.SIGCONT)
        worker = going_on(run, worker)
    return times, *finish(run, publishing, worker, may_stop=True)


def worker_paused(run: Run, times: int) -> tuple[int, float, Checked]:
    """SIGSTOP of one of two workers for 5 to 40 s: the other is given its partitions, and then it wakes."""
    publishing = run.publish(run.sendings(), seconds=25.0 * times)
    workers = [run.start(instance=None), run.start(instance=None)]
    for _ in range(times):
        time.sleep(run.random.uniform(4.0, 8.0))
        sleeper = run.random.choice(workers)
        sleeper.signal(signal.SIGSTOP)
        time.sleep(run.random.uniform(5.0, 40.0))
        sleeper.signal(signal.SIGCONT)
    return times, *finish(run, publishing, *workers)


def rebalanced(run: Run, times: int) -> tuple[int, float, Checked]:
    """A second worker on the same folder joins, and leaves in order or is killed, again and again."""
    publishing, first = run.publish(run.sendings(), seconds=5.0 * times), run.start(instance="first")
    time.sleep(2.0)
    for number in range(times):
        second = run.start(instance="second" if number % 3 else None)
        time.sleep(run.random.uniform(1.0, 7.0))
        if run.random.random() < 0.3:
            second.kill()
        elif (code := second.stop()) != 0:
            raise Failed(f"a worker that was to leave ended with {code}\n{second.said()}")
    return times, *finish(run, publishing, first)


def clock_jumped(run: Run, times: int) -> tuple[int, float, Checked]:
    """The worker's clock jumps by up to a day either way while it works; the monotonic one does not."""
    clock = run.home / "clock"
    clock.write_text("0")
    publishing = run.publish(run.sendings(), seconds=3.0 * times)
    worker = run.start(clock=clock)
    for _ in range(times):
        time.sleep(run.random.uniform(1.5, 4.0))
        clock.write_text(f"{run.random.randint(-86_400, 86_400)}")
    return times, *finish(run, publishing, worker)


def _wait_for_progress(worker: Worker, places: int) -> None:
    """Wait until it has come to something in so many topics and partitions."""
    until = time.monotonic() + 10.0
    while sum(position > 0 for position in worker.positions().values()) < places and worker.ended() is None:
        if time.monotonic() > until:
            return
        time.sleep(0.05)


def going_on(run: Run, worker: Worker) -> Worker:
    """The worker, or its successor where it stopped dead, as a supervisor would start one."""
    code = worker.ended()
    if code is None:
        return worker
    if code != 70:
        raise Failed(f"the worker ended with {code}\n{worker.said()}")
    return run.start()


def finish(run: Run, publishing: Publishing, *workers: Worker, may_stop: bool = False) -> tuple[float, Checked]:
    """The quiet phase: nothing more fails; all is taken; then compare. Seconds to drain, and what was found."""
    healed = time.monotonic()
    publishing.finish()
    last = list(workers)
    try:
        run.drain(*last)
    except Failed:
        if not may_stop or last[0].ended() != 70:
            raise
        last = [run.start()]
        run.drain(*last)
    seconds = time.monotonic() - healed
    for worker in last:
        if (code := worker.stop()) != 0:
            raise Failed(f"a worker that was to end in order ended with {code}\n{worker.said()}")
    return seconds, check(run, run.world.material().digests)


def world_is_up(world: World) -> None:
    """Start the broker where a fault that failed left it down."""
    if world.broker.pid is None:
        world.broker.start()
    else:
        os.kill(world.broker.pid, signal.SIGCONT)
