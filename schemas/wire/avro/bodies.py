"""Avro bodies of one schema to an Arrow table in one call; where the call fails, each bad body gets its own reason.

pyruhvro decodes a whole list at once and knows nothing of single records: one truncated body fails the call,
and bytes after a body are ignored. So what it decoded is encoded again and compared: a body that is not the
same bytes was not consumed to the end, or is written in another way than everyone writes it, and is looked at
alone, with fastavro. A list on which the call fails is halved until the bad bodies stand alone.

Evidence: of single-bit flips, 48 % decode as valid Avro; of doubled payloads, all do. Full consumption is the
least that can be asked; a content hash finds the rest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyruhvro

from throughline.schemas.acceptance.reject import Reject

# Below this many bodies, looking at each is quicker than another bulk call.
_ALONE = 16
_TRUNCATED = Reject("truncated", None, "the record ends before its schema does")


@dataclass(frozen=True)
class BodyCodec:
    """Reads and writes bodies (no frame) of one Avro record schema, given as JSON text."""

    schema_json: str

    @cached_property
    def _parsed(self) -> Any:
        return fastavro.parse_schema(json.loads(self.schema_json))

    def decode(self, bodies: Sequence[bytes]) -> tuple[pa.RecordBatch, list[int], list[tuple[int, Reject]]]:
        """The table of the good bodies, their places in `bodies`, and the place and reason of the others."""
        good: list[tuple[pa.RecordBatch, list[int]]] = []
        bad: list[tuple[int, Reject]] = []
        waiting: list[list[int]] = [list(range(len(bodies)))]
        while waiting:
            places = waiting.pop()
            chosen = bodies if len(places) == len(bodies) else [bodies[place] for place in places]
            batch = self._decode_all(chosen)
            if batch is None and len(places) > _ALONE:
                middle = len(places) // 2
                waiting += [places[middle:], places[:middle]]
                continue
            if batch is None:
                for place in places:
                    self._decode_alone(bodies[place], place, good, bad)
                continue
            odd = self._not_reproduced(batch, chosen)
            if odd:
                keep = [i for i in range(len(places)) if i not in odd]
                batch = batch.take(pa.array(keep, pa.int64()))
                for i in sorted(odd):
                    self._decode_alone(bodies[places[i]], places[i], good, bad)
                places = [places[i] for i in keep]
            good.append((batch, places))
        batches = [batch for batch, _ in good if batch.num_rows]
        if not batches:
            return self._decode_all([]), [], bad
        table = batches[0] if len(batches) == 1 else pa.concat_batches(batches)
        return table, [place for _, places in good for place in places], bad

    def encode(self, records: pa.RecordBatch) -> pa.Array:
        """The body of each record, as a binary array."""
        return pa.concat_arrays(pyruhvro.serialize_record_batch(records, self.schema_json, 1))

    def encode_record(self, record: dict[str, Any]) -> bytes:
        """The body of one record. Raises ValueError or TypeError if the record is not of the schema."""
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self._parsed, record, strict=False)
        return out.getvalue()

    def read_record(self, body: bytes) -> dict[str, Any] | Reject:
        """One record as fastavro reads it, consumed to the end, or why not."""
        stream = io.BytesIO(body)
        try:
            record: Any = fastavro.schemaless_reader(stream, self._parsed, None)
        except EOFError:
            return _TRUNCATED
        except Exception as fault:  # fastavro lets IndexError, ValueError, OverflowError and more through
            if isinstance(fault, IndexError) and stream.tell() == len(body) and body[-1:] >= b"\x80":
                return _TRUNCATED  # within a number: its last byte says that another follows
            return Reject("bad_avro", None, "the record is not what its schema says")
        if stream.tell() != len(body):
            return Reject("trailing_bytes", None, "bytes are left after the end of the record")
        return dict(record)

    def split(self, content: bytes, count: int) -> tuple[list[bytes], Reject | None]:
        """The bodies of `count` records that stand one after the other, and what stopped the reading, if
        anything did."""
        stream = io.BytesIO(content)
        bodies: list[bytes] = []
        start = 0
        while len(bodies) < count and start < len(content):
            try:
                fastavro.schemaless_reader(stream, self._parsed, None)
            except Exception as fault:
                reason = "truncated" if isinstance(fault, EOFError) else "bad_avro"
                return bodies, Reject(reason, None, "the rest of the block cannot be read")
            end = stream.tell()
            bodies.append(content[start:end])
            start = end
        if len(bodies) < count:
            return bodies, Reject("truncated", None, "the block has fewer records than it says")
        if start < len(content):
            return bodies, Reject("trailing_bytes", None, "the block has more bytes than its records")
        return bodies, None

    def _decode_all(self, bodies: Sequence[bytes]) -> pa.RecordBatch | None:
        try:
            batch = pyruhvro.deserialize_array(bodies, self.schema_json)
            batch.validate(full=True)  # it takes over text that is not UTF-8
        except Exception:  # ValueError, UnicodeDecodeError: the decoder has no error class of its own
            return None
        return batch

    def _not_reproduced(self, batch: pa.RecordBatch, bodies: Sequence[bytes]) -> set[int]:
        """Places of the bodies that are not, byte for byte, the encoding of what was read from them."""
        try:
            same = pc.equal(self.encode(batch), pa.array(bodies, pa.binary()))
        except Exception:
            return set(range(len(bodies)))
        if pc.all(same).as_py():
            return set()
        return set(pc.indices_nonzero(pc.invert(same)).to_pylist())

    def _decode_alone(
        self, body: bytes, place: int, good: list[tuple[pa.RecordBatch, list[int]]], bad: list[tuple[int, Reject]]
    ) -> None:
        record = self.read_record(body)
        if isinstance(record, Reject):
            bad.append((place, record))
            return
        batch = self._decode_all([body])
        try:
            agreed = batch is not None and self.encode(batch)[0].as_py() == self.encode_record(record)
        except Exception:
            agreed = False
        if agreed:
            good.append((batch, [place]))
        else:
            bad.append((place, Reject("bad_avro", None, "two decoders do not read the same record")))
