"""The topics of a domain: names, settings and the partition of an area."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from kafka.partitioner.default import murmur2 as murmur2_of_kafka_python

from throughline.errors import DomainError, UsageError
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, load_domain
from throughline.schemas.definitions.topics import load_topics, murmur2


def test_every_agency_publishes_to_one_topic() -> None:
    """Police, prosecutors and advocates have a topic each; courts and witness care share one."""
    topics = load_topics(load_domain(None))

    assert topics.of_agency("police") == "police.case-events"
    assert topics.of_agency("cps") == "cps.case-events"
    assert topics.of_agency("advocate") == "advocate.case-events"
    assert topics.of_agency("wcu") == topics.of_agency("hmcts") == "court.case-events"
    with pytest.raises(UsageError, match="`nobody` has no topic"):
        topics.of_agency("nobody")


def test_case_events_are_kept_for_ever_and_stamped_by_the_broker() -> None:
    topic = load_topics(load_domain(None)).case_events[0].topic

    assert topic.settings["cleanup.policy"] == "delete"
    assert topic.settings["retention.ms"] == "-1"
    assert topic.settings["message.timestamp.type"] == "LogAppendTime"


def test_shared_topics_are_compacted() -> None:
    topics = load_topics(load_domain(None), prefix="t1.")

    assert {topic.name for topic in topics.shared.values()} == {
        "t1.shared.decision-timeline",
        "t1.shared.handoffs",
        "t1.shared.alerts",
        "t1.shared.quarantine",
    }
    assert all(topic.settings["cleanup.policy"] == "compact" for topic in topics.shared.values())


def test_a_single_broker_needs_one_copy_in_step() -> None:
    for topic in load_topics(load_domain(None), replication=1):
        assert (topic.replication, topic.settings["min.insync.replicas"]) == (1, "1")


def test_an_area_has_one_partition_number_in_every_topic() -> None:
    """By the same hash of the key as Kafka's own clients use."""
    for length in range(24):
        key = os.urandom(length)
        assert murmur2(key) == murmur2_of_kafka_python(key) & 0x7FFFFFFF
    topics = load_topics(load_domain(None))
    assert topics.partition_of("20") == (murmur2_of_kafka_python(b"20") & 0x7FFFFFFF) % 12
    assert {topic.partitions for topic in topics} == {12}


def test_a_domain_without_topics_says_what_to_write(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT_DOMAIN, tmp_path / "domain")
    (folder / "topics.yaml").unlink()
    with pytest.raises(DomainError, match=r"has no topics\.yaml"):
        load_topics(load_domain(folder))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("agencies: [cps]", "agencies: [cps, police]", "`police` has 2 topics"),
        ("agencies: [cps]", "agencies: [cpz]", "`cpz` is not known"),
        ("cps.case-events", "police.case-events", "stands twice"),
        ("cps.case-events", "cps case events", "is no name of a topic"),
        ("agencies: [steward]", "agencies: [steward, opcc]", "opcc may write where stewards act"),
        ("partitions: 12", "partitions: none", "is not a whole number"),
    ],
)
def test_a_fault_in_topics_names_file_and_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = shutil.copytree(DEFAULT_DOMAIN, tmp_path / "domain")
    text = (folder / "topics.yaml").read_text()
    (folder / "topics.yaml").write_text(text.replace(old, new))
    with pytest.raises(DomainError, match=r"topics\.yaml:\d+") as raised:
        load_topics(load_domain(folder))
    assert said in str(raised.value)
