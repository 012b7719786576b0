"""A real broker of one process: started, used, killed, started again, and gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import local_or_skip
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from throughline.broker import local_broker
from throughline.broker.answer import answers
from throughline.broker.local_broker import LocalBroker
from throughline.broker.ports import free_ports
from throughline.errors import BrokerError, UsageError


@pytest.fixture(scope="module")
def own() -> Iterator[LocalBroker]:
    """A broker of this module, which tests may kill if they start it again."""
    local_or_skip()
    with LocalBroker() as broker:
        yield broker


def make_topic(broker: LocalBroker, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        admin.close()


def send(broker: LocalBroker, topic: str, values: list[bytes]) -> None:
    """Write the values, and return when each is acknowledged."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    try:
        for sent in [producer.send(topic, value) for value in values]:
            sent.get(timeout=30)
    finally:
        producer.close()


def read(broker: LocalBroker, topic: str, count: int) -> list[bytes]:
    """The first `count` values, or those that came within 30 seconds."""
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    found: list[bytes] = []
    until = time.monotonic() + 30
    try:
        consumer.assign([TopicPartition(topic, 0)])
        while len(found) < count and time.monotonic() < until:
            for records in consumer.poll(timeout_ms=500).values():
                found += [record.value for record in records]
    finally:
        consumer.close()
    return found


def is_gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether no such process is left, at the latest after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def children() -> set[int]:
    """The processes that this one has started and that are there, or are not reaped."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return {int(pid) for pid, parent, command in rows if int(parent) == os.getpid() and command != "ps"}


def test_what_is_sent_is_read(own: LocalBroker, topic_prefix: str) -> None:
    """A round trip, in order."""
    values = [b"%d" % number for number in range(100)]
    make_topic(own, f"{topic_prefix}a")

    send(own, f"{topic_prefix}a", values)

    assert read(own, f"{topic_prefix}a", len(values)) == values


def test_killed_and_started_again_it_keeps_records_and_address(own: LocalBroker, topic_prefix: str) -> None:
    """What was acknowledged is there, in order, and clients need no new address."""
    values = [b"%d" % number for number in range(1000)]
    make_topic(own, f"{topic_prefix}a")
    send(own, f"{topic_prefix}a", values)
    address, killed = own.bootstrap, own.pid
    assert killed is not None

    own.kill()

    assert own.pid is None
    assert is_gone(killed)
    assert not answers(address)

    own.start()

    assert own.bootstrap == address
    assert own.pid != killed
    assert read(own, f"{topic_prefix}a", len(values)) == values


def test_two_do_not_collide(own: LocalBroker, topic_prefix: str) -> None:
    """Another beside it has its own address, folder and topics."""
    make_topic(own, f"{topic_prefix}a")

    with LocalBroker() as other:
        assert other.bootstrap != own.bootstrap
        assert other.folder != own.folder
        make_topic(other, f"{topic_prefix}a")
        send(other, f"{topic_prefix}a", [b"other"])
        send(own, f"{topic_prefix}a", [b"own"])

        assert read(other, f"{topic_prefix}a", 1) == [b"other"]
        assert read(own, f"{topic_prefix}a", 1) == [b"own"]


def test_a_folder_is_of_one_broker(own: LocalBroker) -> None:
    """A second on the same folder does not start, and leaves the first as it is."""
    second = LocalBroker(own.folder)

    with pytest.raises(BrokerError, match="Another broker is running in"):
        second.start()

    assert second.pid is None
    assert answers(own.bootstrap)


def test_it_makes_no_topic_by_itself(own: LocalBroker, topic_prefix: str) -> None:
    """A name that nobody made is an error, not a new topic."""
    producer = KafkaProducer(bootstrap_servers=own.bootstrap, max_block_ms=2000)
    try:
        with pytest.raises(KafkaError):
            producer.send(f"{topic_prefix}nobody", b"x").get(timeout=10)
    finally:
        producer.close()

    admin = KafkaAdminClient(bootstrap_servers=own.bootstrap)
    try:
        assert f"{topic_prefix}nobody" not in admin.list_topics()
    finally:
        admin.close()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks at what listens as Linux tells it")
def test_it_listens_on_loopback_only(own: LocalBroker) -> None:
    """No other machine reaches it: there is no authentication."""
    links = [str(link.readlink()) for link in Path(f"/proc/{own.pid}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = [fields[1].split(":")[0] for fields in lines if fields[3] == "0A" and fields[9] in inodes]

    assert len(listening) == 2
    assert {bytes.fromhex(address)[-4:][::-1] for address in listening} == {socket.inet_aton("127.0.0.1")}


def test_stopped_it_leaves_nothing() -> None:
    """Neither a process nor the temporary folder."""
    local_or_skip()
    before = children()
    broker = LocalBroker()
    broker.start()
    pid, log = broker.pid, broker.log.read_text(encoding="utf-8")
    assert pid is not None
    assert children() > before

    broker.stop()

    assert is_gone(pid)
    assert broker.pid is None
    assert broker.folder.exists()
    assert "Kafka Server started" in log
    assert "shut down completed" in broker.log.read_text(encoding="utf-8")

    broker.close()

    assert not broker.folder.exists()
    assert children() == before


def test_it_dies_with_the_process_that_started_it() -> None:
    """Also where that is killed and can do nothing about it."""
    local_or_skip()
    script = (
        "from throughline.broker.local_broker import LocalBroker; import os, signal\n"
        "broker = LocalBroker(); broker.start(); print(broker.pid, broker.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    pid, folder = said.stdout.split()

    assert is_gone(int(pid))
    subprocess.run(["rm", "-r", folder], check=True)


def test_a_port_that_was_taken_meanwhile_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts on another; but a port that was asked for is not exchanged."""
    local_or_skip()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        choices = iter([[port, free_ports(1)[0]]])
        monkeypatch.setattr(local_broker, "free_ports", lambda count: next(choices, None) or free_ports(count))
        with LocalBroker() as broker:
            assert broker.bootstrap != f"127.0.0.1:{port}"
            assert answers(broker.bootstrap)

        with pytest.raises(BrokerError, match="Address already in use"), LocalBroker(port=port):
            pass


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    """The end of the broker's log is in the error, and nothing runs."""
    local_or_skip()
    broker = LocalBroker(tmp_path, settings={"message.max.bytes": "many"})

    with pytest.raises(BrokerError, match=r"(?s)cannot be formatted.*message\.max\.bytes.*broker\.log"):
        broker.start()

    assert broker.pid is None


def test_its_address_is_not_a_setting(tmp_path: Path) -> None:
    """What would put it on the network is refused."""
    local_or_skip()
    with pytest.raises(UsageError, match="listeners"):
        LocalBroker(tmp_path, settings={"listeners": "PLAINTEXT://0.0.0.0:9092"}).start()


def test_there_is_no_address_before_the_start(tmp_path: Path) -> None:
    """Asking too early is an error that says so."""
    with pytest.raises(BrokerError, match="before it was started"):
        _ = LocalBroker(tmp_path).bootstrap
