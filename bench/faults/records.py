"""Faults of what is published: copies, another order, late records, and records that are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson

from bench.faults.check import Checked
from bench.faults.crashes import finish
from bench.faults.world import Run, Sending
from throughline.schemas.wire.kafka_record import heartbeat, plain_rows, record_of
from throughline.sources.formats.registry import read_events

_HASH = "ce_contenthash"


def copied_and_shuffled(run: Run, times: int) -> tuple[int, float, Checked]:
    """Each record one to five times, in any order over all partitions and within, some much later than others."""
    sendings = run.sendings()
    copies = [one for one in sendings for _ in range(run.random.randint(1, times))]
    run.random.shuffle(copies)
    worker = run.start()
    seconds, checked = finish(run, run.publish(copies, seconds=8.0), worker)
    return len(copies) - len(sendings), seconds, checked


def records_spoilt(run: Run, times: int) -> tuple[int, float, Checked]:
    """Records of every kind that must stand in quarantine, each for its reason, between good ones in every mode."""
    good = _in_all_modes(run)
    bad = [made for _ in range(times) for spoil in SPOILERS for made in spoil(run, run.random.choice(good))]
    mixed = good + bad
    run.random.shuffle(mixed)
    huge = replace(good[0], value=run.random.randbytes(1_100_000))
    worker = run.start()
    publishing = run.publish([*mixed, huge], seconds=5.0)
    seconds, checked = finish(run, publishing, worker)
    if run.refused != [huge]:
        checked.faults.append(
            f"the broker refused {len(run.refused)} records, and is to refuse the one that is too large"
        )
    return len(bad) + 1, seconds, checked


def _in_all_modes(run: Run) -> list[Sending]:
    """The records of the cases, each as Avro, as JSON or as a structured event, and a sign of life."""
    made = []
    for file in sorted(run.world.material().files.iterdir()):
        for batch in read_events(file, run.world.domain):
            for row in plain_rows(batch.events):
                prefix = run.world.domain.type_prefix
                is_structured = run.random.random() < 0.3
                record = record_of(row, run.world.schemas, run.topics, type_prefix=prefix, structured=is_structured)
                made.append(Sending(record.topic, record.key, record.headers, record.value))
    beat = heartbeat(
        source="urn:throughline:police:20:rms",
        topic=made[0].topic,
        area="20",
        beat_id="beat",
        sent_at=1_780_000_000_000_000,
        sequence=7,
        waiting=0,
        every_seconds=30.0,
    )
    made.append(Sending(beat.topic, beat.key, beat.headers, beat.value))
    return made


def _without(one: Sending, *names: str) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, text) for name, text in one.headers if name not in names)


def _json_binary(one: Sending, value: bytes, **headers: bytes) -> Sending:
    named = {**dict(_without(one, _HASH)), "content-type": b"application/json", **headers}
    return replace(one, headers=tuple(named.items()), value=value)


def _unreadable(run: Run, one: Sending) -> list[Sending]:
    """Bytes that are no record, or not the record that they say they are."""
    assert one.value is not None
    avro = next(s for s in run.random.sample(run.sendings(), 50) if s.value and s.value[:2] == b"\xc3\x01")
    assert avro.value is not None
    at = run.random.randrange(10, len(avro.value))
    flipped = avro.value[:at] + bytes([avro.value[at] ^ 1 << run.random.randrange(8)]) + avro.value[at + 1 :]
    plain = _without(avro, _HASH)
    return [
        replace(avro, value=None, headers=(), reason="truncated"),
        replace(avro, value=b"", headers=plain, reason="unknown_schema"),
        replace(avro, value=run.random.randbytes(40), headers=plain, reason="unknown_schema"),
        replace(avro, value=b"\xc3\x01" + run.random.randbytes(60), headers=plain, reason="unknown_schema"),
        replace(avro, value=b"\xc3\x02" + avro.value[2:], headers=plain, reason="unknown_schema"),
        replace(avro, value=avro.value[:-1], headers=plain, reason="truncated"),
        replace(avro, value=avro.value + run.random.randbytes(3), headers=plain, reason="trailing_bytes"),
        replace(avro, value=flipped, reason="content_hash_mismatch"),
        replace(avro, value=run.random.randbytes(300_000), headers=plain, reason="too_large"),
        replace(avro, headers=(*plain, (_HASH, b"\xff\xfe")), reason="content_hash_mismatch"),
    ]


def _misplaced(run: Run, one: Sending) -> list[Sending]:
    """A good record in another agency's topic, and in a partition that is not its area's."""
    good = run.random.choice(run.sendings())
    assert good.key is not None
    others = [name for name in run.names if name != good.topic]
    right = run.topics.partition_of(good.key.decode())
    # a number that no partition of the made-up areas has, so that a store of its own is made for it
    return [
        replace(good, topic=run.random.choice(others), reason="wrong_topic"),
        replace(
            good,
            partition=run.random.choice([n for n in range(run.topics.partitions) if n != right]),
            reason="wrong_partition",
        ),
    ]


def _bad_json(run: Run, one: Sending) -> list[Sending]:
    """JSON in binary and structured mode that is none, nests too deep, is not an event, or has bad headers."""
    tag = f"{run.random.randrange(10**9)}".encode()
    structured = {"content-type": b"application/cloudevents+json"}
    typed = dict(one.headers).get("ce_type") or b""
    return [
        replace(_json_binary(one, b'{"a": ' + tag), reason="not_json"),
        replace(_json_binary(one, b"[" * 3_000 + tag + b"]" * 3_000), reason="not_json"),
        replace(_json_binary(one, b'{"a": ' + tag + b"}", ce_type=typed + b"x"), reason="unknown_type"),
        replace(_json_binary(one, b'{"b": ' + tag + b"}", ce_id=b"\xff\xfe"), reason="not_utf8"),
        replace(_json_binary(one, b'{"c": ' + tag + b"}", ce_specversion=b"0.3"), reason="bad_attribute"),
        replace(_json_binary(one, b"[" + tag + b"]", **structured), reason="not_an_object"),
        replace(_json_binary(one, b'{"d": "\xff' + tag + b'"}', **structured), reason="not_utf8"),
        replace(
            _json_binary(one, orjson.dumps({"specversion": "1.0", "id": tag.decode()}), **structured),
            reason="missing_attribute",
        ),
        replace(_json_binary(one, b"{" + b" " * 300_000 + tag + b"}", **structured), reason="too_large"),
        replace(
            _json_binary(one, b'{"waiting": ' + tag + b"}", ce_type=b"throughline.source.heartbeat.v1"),
            reason="bad_heartbeat",
        ),
    ]


def _many_headers(run: Run, one: Sending) -> list[Sending]:
    """A good record once more, with a thousand headers, and without a key in its partition: copies of it."""
    good = run.random.choice(run.sendings())
    assert good.key is not None
    padding = tuple((f"x-{number}", b"x" * 20) for number in range(1_000))
    return [
        replace(good, headers=(*good.headers, *padding)),
        replace(good, key=None, partition=run.topics.partition_of(good.key.decode())),
    ]


SPOILERS: tuple[Callable[[Run, Sending], list[Sending]], ...] = (_unreadable, _misplaced, _bad_json, _many_headers)
