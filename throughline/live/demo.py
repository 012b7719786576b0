"""Run the demo on a real broker: three publishers, a worker, a sink; and show that nothing was lost on the way."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from throughline.demo.run import BESIDE_A_STORE, mark_as_demo, remove_earlier
from throughline.errors import PartFailed
from throughline.live.probe import WorkerState, worker_state
from throughline.live.stack import Stack
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sinks.digest import digest
from throughline.sinks.store import open_store
from throughline.sources.files import Report
from throughline.streams.join.accept import Counts
from throughline.streams.join.replay import replay
from throughline.streams.log.event_log import CaseLog
from throughline.streams.worker.partition import digest_of_partitions

_WAIT_SECONDS = 300.0


@dataclass(frozen=True)
class LiveDemo:
    """What came of it: records by what became of them, and the digests of the two ways of joining the same events."""

    counts: Counts
    live_digest: str
    replayed_digest: str
    seconds: float


def run_live_demo(store_path: Path, *, cases: int, seed: int, report: Report) -> LiveDemo:
    """Publish a made-up population to a broker of our own, join it live, and leave the sink's store at `store_path`.

    An earlier demo there is replaced. Raises BrokerToolMissing without Java, PartFailed where a process ends.
    """
    if store_path.exists():
        remove_earlier(store_path)
    with TemporaryDirectory(prefix="throughline-live-") as folder:
        report("starting broker, worker and sink", 0, None)
        with Stack(Path(folder)) as stack:
            began = time.monotonic()
            report("making up cases", 0, None)
            stack.publish(cases=cases, seed=seed)
            for _ in stack.wait_for_publishers():
                report("publishing", 0, None)
            state = _wait_for_worker(stack, report)
            seconds = time.monotonic() - began
            report("filling the board's store from the shared topics", 0, None)
            # told to stop, the worker publishes what it still has to say
            stack.stop("worker", "sink")
            stack.call("sink-rest", "sink", "--store", str(stack.board), "--once")
            live = digest_of_partitions(stack.live)
            replayed = _replayed(stack.files, Path(folder) / "replayed.duckdb", report)
            for ending in BESIDE_A_STORE:
                file = stack.board.with_name(stack.board.name + ending)
                if file.exists():
                    shutil.copyfile(file, store_path.with_name(store_path.name + ending))
    mark_as_demo(store_path, seed)
    counts = Counts(state.taken, state.accepted, state.duplicate, {"": state.quarantined} if state.quarantined else {})
    return LiveDemo(counts, live, replayed, seconds)


def _wait_for_worker(stack: Stack, report: Report) -> WorkerState:
    """Wait until the worker has taken every record that the topics have."""
    topics = load_topics(load_domain(None))
    with CaseLog(stack.broker.bootstrap) as log:
        published = sum(
            log.extent(one.topic.name, number).end for one in topics.case_events for number in range(topics.partitions)
        )
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        stack.check()
        state = worker_state(stack.health_port)
        if state is not None:
            report("joining", state.taken, published)
            if state.behind == 0 and state.state == "running" and state.taken >= published:
                return state
        time.sleep(0.25)
    raise PartFailed("The worker did not take every record in time.", hint="`throughline up` keeps the worker's log.")


def _replayed(files: Path, store_path: Path, report: Report) -> str:
    with open_store(store_path, write=True) as store:
        replay(store, load_domain(None), [files], report=report)
        return digest(store.connection)
