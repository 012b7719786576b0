"""What is posted: read in every mode of CloudEvents, judged as `publish` judges, kept before the answer, and named."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from listed_stewards import with_stewards
from posted import BATCH, CMS, RMS, Posted, crime, domain, fates, service

from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.ingest.binding import decoded
from throughline.sources.ingest.intake import why_not_granted
from throughline.sources.ingest.token import make_token

BINARY = {name: crime()[name] for name in ("specversion", "id", "source", "type", "time", "partitionkey")}


@pytest.fixture
def posted(tmp_path: Path) -> Iterator[Posted]:
    with service(tmp_path) as made:
        yield made


def binary(posted: Posted, data: Any = None, media: str = "application/json", **attributes: str | None) -> Any:
    told = {**BINARY, **attributes}
    headers = {f"ce_{name}": value for name, value in told.items() if value is not None}
    return posted.post(crime()["data"] if data is None else data, media, **headers)


def test_receipt_names_the_fate_of_each_record(posted: Posted) -> None:
    """New, known, and refused with field and reason; what is refused does not hold up the others."""
    posted.post(crime(1))
    bad = crime(3, time="2026-03-02T24:00:00Z")

    answer = posted.post([crime(1), crime(2), bad, crime(2)], BATCH)

    assert answer.status_code == 202
    said = answer.json()
    assert {name: said[name] for name in ("source", "records", "accepted", "known", "refused")} == {
        "source": RMS, "records": 4, "accepted": 1, "known": 2, "refused": 1,
    }  # fmt: skip
    named = {"source": RMS, "type": "police.crime.recorded"}
    assert said["fates"][:2] == [
        {"record": 1, "fate": "known", "id": "e1", **named},
        {"record": 2, "fate": "accepted", "id": "e2", **named},
    ]
    refused = said["fates"][2]
    assert (refused["record"], refused["fate"], refused["id"]) == (3, "refused", "e3")
    assert (refused["reason"], refused["field"], refused["status"]) == ("bad_time", "time", 422)
    assert posted.waiting() == ["e1", "e2"]


RECORDS = [
    crime(1), crime(2) | {"data": {}}, crime(3, type="police.crime.unheard_of"), crime(4, partitionkey="nowhere"),
    crime(5, source=""), crime(6, specversion="0.3"), crime(7, time=None), crime(8, contenthash="0" * 64),
    crime(9, type="throughline.source.heartbeat.v1"), {"specversion": "1.0"}, [], 7, "text", None,
    crime(10, extra={"a": 1}), crime(11, source=CMS), crime(12, data={"unit": "x" * 5000}),
]  # fmt: skip


def test_what_is_refused_is_refused_as_publish_would(posted: Posted) -> None:
    """Reason, field and sentence of each are those of a file with the same lines."""
    file = events_from_json_lines([orjson.dumps(one) for one in RECORDS], domain(), "file", 1)
    expected = {row["position"]: (row["reason"], row["field"], row["detail"]) for row in file.rejects.to_pylist()}
    assert len(expected) == len(RECORDS) - 1

    said = posted.post(RECORDS, BATCH).json()["fates"]

    assert {one["record"]: (one["reason"], one["field"], one["detail"]) for one in said if "reason" in one} == expected


def test_an_event_that_has_a_name_twice_costs_no_neighbour(posted: Posted) -> None:
    """Whichever stands first; alone in its batch it is a problem, with its error."""
    bad = orjson.dumps(crime(2)).replace(b'"unit":', b'"unit":"20QQ","unit":')

    answer = posted.post(b"[" + b",".join([orjson.dumps(crime(1)), bad, orjson.dumps(crime(3))]) + b"]", BATCH)
    alone = posted.post(b"[" + bad + b"]", BATCH)

    assert (answer.status_code, fates(answer)) == (202, ["accepted", "repeated_name", "accepted"])
    assert (alone.status_code, [(one["record"], one["field"]) for one in alone.json()["errors"]]) == (
        422,
        [(1, "unit")],
    )
    assert posted.waiting() == ["e1", "e3"]


def test_a_request_of_which_nothing_is_good_is_a_problem(posted: Posted) -> None:
    """RFC 9457, with an error for each record; its receipt is kept all the same."""
    answer = posted.post([crime(1, time="soon"), crime(2, data={})], BATCH)

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    said = answer.json()
    assert (said["status"], said["title"]) == (422, "Unprocessable Entity")
    assert [(one["record"], one["reason"], one["field"]) for one in said["errors"]] == [
        (1, "bad_time", "time"),
        (2, "missing_identifier", "data.identifiers"),
    ]
    assert posted.get(said["instance"]).json()["refused"] == 2
    assert posted.waiting() == []


def test_binary_mode_takes_attributes_from_headers(posted: Posted) -> None:
    assert fates(binary(posted)) == ["accepted"]
    # the same event, and the media type of its data in another form
    assert fates(binary(posted, media="Application/JSON; charset=UTF-8")) == ["known"]
    assert fates(posted.post(crime(1, datacontenttype="application/json"))) == ["known"]
    assert posted.waiting() == ["e1"]


@pytest.mark.parametrize(
    ("header", "attribute"),
    [
        (b"plain", "plain"),
        (b"caf%C3%A9%20%E2%82%AC", "café €"),
        (b"100%25%20%2541", "100% %41"),  # one round of decoding
        (b'"quoted \\"so\\""', 'quoted "so"'),
        (b'"', '"'),
    ],
)
def test_headers_are_percent_decoded_once(header: bytes, attribute: str) -> None:
    """CloudEvents HTTP protocol binding, 3.1.3.2."""
    assert decoded(header).decode() == attribute


@pytest.mark.parametrize(
    ("attributes", "reason", "field"),
    [
        ({"id": "%C3%28"}, "not_utf8", "ce_id"),
        ({"id": "5%"}, "bad_attribute", "id"),
        ({"id": "5%zz"}, "bad_attribute", "id"),
        ({"datacontenttype": "application/json"}, "bad_attribute", "datacontenttype"),
        ({"sub-ject": "x"}, "bad_attribute", None),
        ({"type": None}, "missing_attribute", "type"),
    ],
)
def test_headers_that_say_nothing_sound_are_refused(
    posted: Posted, attributes: dict[str, Any], reason: str, field: str | None
) -> None:
    (error,) = binary(posted, **attributes).json()["errors"]

    assert (error["reason"], error["field"]) == (reason, field)


def test_header_that_stands_twice_is_refused(posted: Posted) -> None:
    headers = [("Authorization", f"Bearer {posted.secret}"), ("Content-Type", "application/json"), ("ce-id", "other")]
    headers += [(f"ce-{name}", value) for name, value in BINARY.items()]

    answer = posted.client.post("/events", content=orjson.dumps(crime()["data"]), headers=headers)

    assert [(one["reason"], one["field"]) for one in answer.json()["errors"]] == [("bad_attribute", "id")]


def test_the_sdk_of_cloudevents_is_a_client(posted: Posted) -> None:
    """Structured, binary and batch; a non-ASCII id comes through its percent-encoding."""

    def event(name: str) -> CloudEvent:
        said = crime(1) | {"id": name, "time": datetime(2026, 3, 2, 10, 15, tzinfo=UTC)}
        data = said.pop("data")
        return CloudEvent({**said, "datacontenttype": "application/json"}, data)

    for made in (to_structured_event(event("s")), to_binary_event(event("b é%"))):
        headers = {**made.headers, "Authorization": f"Bearer {posted.secret}"}
        answer = posted.client.post("/events", content=made.body, headers=headers)
        assert (answer.status_code, fates(answer)) == (202, ["accepted"])
    structured = [to_structured_event(event(name)).body for name in ("b1", "b2")]
    assert fates(posted.post(b"[" + b",".join(structured) + b"]", BATCH)) == ["accepted", "accepted"]
    assert posted.waiting() == ["s", "b é%", "b1", "b2"]


def test_the_same_key_gives_the_same_receipt(posted: Posted) -> None:
    """Another body under the key is refused; another publisher has keys of its own."""
    first = posted.post([crime(1)], BATCH, Idempotency_Key="k-1")
    packed = posted.post(gzip.compress(orjson.dumps([crime(1)])), BATCH, Idempotency_Key="k-1", Content_Encoding="gzip")
    other = posted.post([crime(2)], BATCH, Idempotency_Key="k-1")
    without = posted.post([crime(1)], BATCH)
    stranger = posted.add_token(source="urn:example:police:20:files")
    theirs = posted.post([crime(1)], BATCH, secret=stranger, Idempotency_Key="k-1")

    assert first.json() == packed.json()
    assert fates(first) == ["accepted"]
    assert (other.status_code, other.json()["type"]) == (422, "urn:throughline:problem:key_used")
    assert fates(without) == ["known"]
    assert fates(theirs) == ["source_not_granted"]
    assert posted.waiting() == ["e1"]


def test_a_receipt_is_shown_again_to_its_publisher_alone(posted: Posted) -> None:
    """To whichever token of the source; and with no word of whether there is one to anybody else."""
    answer = posted.post(crime(1))
    successor, stranger = posted.add_token(), posted.add_token(source="urn:example:police:20:files")

    assert posted.get(answer.headers["location"]).json() == answer.json()
    assert posted.get(answer.headers["location"], successor).json() == answer.json()
    assert posted.get(answer.headers["location"], stranger).json() == posted.get("/receipts/r-0", stranger).json()
    assert posted.get(answer.headers["location"], stranger).status_code == 404
    assert posted.client.get(answer.headers["location"]).status_code == 401


DESK = "urn:example:steward:desk"
ACT = domain().types["steward.quality.checked"].example
NOT_THEIRS = [
    (crime(source="urn:example:police:20:files"), "source_not_granted"),
    (crime(partitionkey="21"), "area_not_granted"),
    (crime(source=CMS), "wrong_source"),
    (crime(type="steward.quality.checked", source=DESK, data=ACT), "unlisted_steward"),
]


@pytest.mark.parametrize(("event", "reason"), NOT_THEIRS, ids=[reason for _, reason in NOT_THEIRS])
def test_what_is_not_the_tokens_to_say_is_refused(posted: Posted, event: dict[str, Any], reason: str) -> None:
    """With 403, alone and beside a good one; never in the outbox."""
    alone, beside = posted.post(event), posted.post([event, crime("good")], BATCH)

    assert (alone.status_code, fates(alone)) == (403, [reason])
    assert (beside.status_code, fates(beside)) == (202, [reason, "accepted"])
    assert posted.waiting() == ["egood"]


def test_what_a_listed_steward_does_is_not_taken_over_http_either() -> None:
    act = crime(type="steward.quality.checked", source=DESK, data=ACT)
    (row,) = events_from_json_lines([orjson.dumps(act)], with_stewards(domain(), DESK), "file", 1).events.to_pylist()
    token, _ = make_token(domain(), agency="steward", source=DESK, areas=[], days=1, today=date(2026, 6, 1))
    why = why_not_granted(row, token)

    assert why is not None
    assert why.reason == "steward_act"


def test_another_agencys_event_is_refused_where_the_source_tells_nothing(posted: Posted) -> None:
    """A source of a form that belongs to nobody: the token says whose it is."""
    secret = posted.add_token(source="feed-7")
    event = crime(source="feed-7", type="cps.pcd.received", data={"identifiers": {"urn": "20PP0012326"}})

    answer = posted.post([event, crime(source="feed-7")], BATCH, secret=secret)

    assert fates(answer) == ["agency_not_granted", "accepted"]


def test_a_source_that_gives_no_numbers_is_numbered(posted: Posted) -> None:
    """As on `publish`: without gaps, over requests."""
    posted.post([crime(1), crime(2, time="?")], BATCH)
    posted.post([crime(3, sequence="000041"), crime(4)], BATCH)

    numbers = [dict(one.record.headers)["ce_sequence"] for one in posted.outbox.unsent()]
    assert numbers == [b"000000000001", b"000041", b"000000000042"]


def test_an_empty_batch_is_a_sign_of_life(posted: Posted) -> None:
    assert posted.service.heard == {}

    answer = posted.post(b" [ ] ", BATCH)

    assert (answer.status_code, answer.json()["records"]) == (202, 0)
    assert list(posted.service.heard) == [RMS]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress),
        ("GZIP", lambda raw: gzip.compress(raw[:50]) + gzip.compress(raw[50:])),
        ("deflate", zlib.compress),
        ("deflate", lambda raw: zlib.compress(raw)[2:-4]),  # without its frame, as many send it
        ("identity", lambda raw: raw),
    ],
)
def test_packed_bodies_are_read(posted: Posted, encoding: str, packed: Any) -> None:
    assert fates(posted.post(packed(orjson.dumps(crime(1))), Content_Encoding=encoding)) == ["accepted"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{}", {"Content_Encoding": "br"}, 415),
        (b"{}", {"Content_Encoding": "gzip, gzip"}, 415),
        (b"{}", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-3], {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0) + b"rest", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"", mtime=0) * 50, {"Content_Encoding": "gzip"}, 400),
        (zlib.compress(b"{}") + b"rest", {"Content_Encoding": "deflate"}, 400),
        (b"{}", {"media": "application/json"}, 415),
        (b"{}", {"media": "text/html"}, 415),
        (b"{}", {"media": "application/cloudevents+xml"}, 415),
        (b"{}", {"media": "application/cloudevents+json; charset=utf-16"}, 415),
        (b"{}", {"Idempotency_Key": "x" * 201}, 400),
        (b"{}", {"Idempotency_Key": ""}, 400),
        (b"", {}, 422),
        (b"\xff", {}, 422),
        (b"[" * 100_000, {"media": BATCH}, 422),
        (b'{"a":1}{"a":2}', {}, 422),
    ],
)
def test_what_cannot_be_read_is_told(posted: Posted, content: bytes, headers: dict[str, Any], status: int) -> None:
    answer = posted.post(content, **headers)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert posted.waiting() == []


def test_a_full_outbox_is_told_and_nothing_is_lost(posted: Posted) -> None:
    posted.outbox.limit = 1
    refused = posted.post([crime(1), crime(2)], BATCH, Idempotency_Key="k")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")

    posted.outbox.limit = 2
    assert fates(posted.post([crime(1), crime(2)], BATCH, Idempotency_Key="k")) == ["accepted", "accepted"]
