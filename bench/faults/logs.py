"""Faults of the log: a group that forgot, records deleted, a topic made anew: what is lost there is never skipped."""

from __future__ import annotations

import signal
import time

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from bench.faults.check import Checked
from bench.faults.crashes import finish
from bench.faults.workers import Failed, Worker
from bench.faults.world import Run, Sending
from throughline.sinks.store import open_store
from throughline.streams.log.broker_topics import create_topics

STOPPED_DEAD = 70
# every record before a position stands in the store: what was published here are all events
_SKIPPED = """
select topic, partition, next_offset, coalesce(records, 0)
from log_positions
left join (
  select origin, count(distinct position) as records
  from (select origin, position from events union all select origin, position from duplicates)
  group by origin
) on origin = concat(topic, '-', partition)
where next_offset > coalesce(records, 0)
"""


def offsets_lost(run: Run, times: int) -> tuple[int, float, Checked]:
    """The group is deleted, or set to the end of the log, while no worker runs: the stores know better."""
    sendings = run.sendings()
    group = run.prefix + "throughline"
    for number in range(times):
        part = sendings[number::times]
        _fed(run, part[: len(part) // 2])
        run.publish(part[len(part) // 2 :]).finish()
        if number % 2:
            deleted = run.admin.delete_consumer_groups([group], request_timeout=20)
            _wait_each(list(deleted.values()))
        else:
            ends = [TopicPartition(*place, end) for place, end in run.ends().items()]
            moved = run.admin.alter_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, ends)], request_timeout=20
            )
            _wait_each(list(moved.values()))
    return times, *finish(run, run.publish(sendings[:1]), run.start(instance=None))


def records_deleted(run: Run, times: int) -> tuple[int, float, Checked]:
    """Records that a worker has still to take are deleted from the log: it stops dead, and does so again."""
    sendings = run.sendings()
    half = len(sendings) // 2
    _fed(run, sendings[:half])
    sleeper = run.start()
    run.drain(sleeper)
    sleeper.signal(signal.SIGSTOP)
    run.publish(sendings[half:]).finish()
    # all but the last, so that something is left to go on with, wrongly
    lows = [TopicPartition(*place, end - 1) for place, end in run.ends().items()]
    _wait_each(list(run.admin.delete_records(lows, request_timeout=20).values()))
    sleeper.signal(signal.SIGCONT)
    return 1, 0.0, _stops_dead(run, sleeper)


def topic_made_anew_while_away(run: Run, times: int) -> tuple[int, float, Checked]:
    """A topic is deleted and made anew by its name while no worker runs."""
    return _made_anew(run, at_work=False)


def topic_made_anew_at_work(run: Run, times: int) -> tuple[int, float, Checked]:
    """The same under a running worker."""
    return _made_anew(run, at_work=True)


def _made_anew(run: Run, *, at_work: bool) -> tuple[int, float, Checked]:
    """It stops dead; when all was published again and the stores deleted, it makes them from the new topic."""
    sendings = run.sendings()
    half = len(sendings) // 2
    _fed(run, sendings[:half])
    topic = sendings[0].topic
    worker = None
    if at_work:
        worker = run.start()
        run.drain(worker)
    _wait_each(list(run.admin.delete_topics([topic], request_timeout=20).values()))
    time.sleep(0.5)
    if create_topics(run.bootstrap, run.topics) != [topic]:
        raise Failed(f"{topic} was not deleted, or could not be made anew")
    run.acknowledged = [one for one in run.acknowledged if one.topic != topic]
    rest = [one for place, one in enumerate(sendings) if place >= half or one.topic == topic]
    # as many records as the old one had and more: its offsets look as if all were well
    run.publish(rest).finish()
    found = _stops_dead(run, worker or run.start())
    if found.faults:
        return 1, 0.0, found
    for file in run.folder.glob("partition-*"):
        file.unlink()
    return 1, *finish(run, run.publish([]), run.start())


def _fed(run: Run, sendings: list[Sending]) -> None:
    """Have these published and taken, by a worker that ends in order."""
    run.publish(sendings).finish()
    worker = run.start(instance=None)
    run.drain(worker)
    worker.stop()


def _stops_dead(run: Run, worker: Worker) -> Checked:
    """The worker, and one started after it, end with 70 and say why; nothing before their position is lacking."""
    found = Checked(records=len(run.acknowledged))
    # of the same instance: the group would wait for half a minute for one that it does not know to be gone
    for number in range(2):
        one = run.start() if number else worker
        try:
            code = one.wait(60.0)
        except Failed as error:
            one.kill()
            found.faults.append(f"it went on: {error}")
            continue
        if code != STOPPED_DEAD or "worker_stops" not in one.said():
            found.faults.append(f"it ended with {code}, and is to stop dead\n{one.said()}")
    if "TopicMismatch" not in one.said():
        found.faults.append(f"it does not say that it is the topic\n{one.said()}")
    for file in run.folder.glob("partition-*.duckdb"):
        with open_store(file, write=False) as store:
            skipped = store.connection.execute(_SKIPPED).fetchall()
        for topic, partition, offset, records in skipped:
            found.lost += offset - records
            found.faults.append(f"{topic}-{partition} is said to be taken to {offset}, and {records} records are there")
    return found


def _wait_each(futures: list) -> None:  # type: ignore[type-arg]
    for future in futures:
        future.result(30)
