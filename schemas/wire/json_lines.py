"""JSON Lines of CloudEvents to EVENTS, quickly: in one pass what is certainly good, line by line what is not.

A line about which there is any doubt goes to `schemas/acceptance/judge.py`, which alone knows reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.schemas.acceptance.rows import RowBatch, join_batches
from throughline.schemas.acceptance.rules import Refused, Rules
from throughline.schemas.definitions.rulebook import rules_of
from throughline.schemas.wire.json_rows import Doubt, Plan, QuickRows, Shared

if TYPE_CHECKING:
    from throughline.schemas.definitions.domain import Domain

_PORTION = 1024


def events_from_json_lines(lines: Sequence[bytes], domain: Domain, origin: str, first_position: int) -> Batch:
    """Accept JSON Lines, one CloudEvent each; `first_position` is the number of the first line.

    Every line that is not blank ends in `events` or, whole and with its reason, in `rejects`.
    """
    rules = rules_of(domain)
    # In portions that stay in the processor's cache: the columns are made of objects that were just touched.
    shared: Shared = ({name: Plan(rule) for name, rule in rules.by_wire_type.items()}, set(), {})
    batches = [
        _accept(lines[start : start + _PORTION], rules, shared, origin, first_position + start)
        for start in range(0, len(lines), _PORTION)
    ]
    return join_batches(batches)


def _accept(lines: Sequence[bytes], rules: Rules, shared: Shared, origin: str, first_position: int) -> Batch:
    quick = QuickRows(rules, shared)
    slow = RowBatch(origin)
    loads, add = orjson.loads, quick.add
    record_bytes, field_chars = rules.record_bytes, rules.field_chars
    too_large = Reject("too_large", None, f"a record may have {record_bytes} bytes")
    doubtful: list[int] = []
    for place, line in enumerate(lines):
        size = len(line)
        # No text in a short line is too long, and none has U+0000 unless it is spelt out.
        if size > field_chars or b"\\u0000" in line:
            if size > record_bytes:
                slow.reject(first_position + place, too_large, line, None)
            else:
                doubtful.append(place)
            continue
        try:
            add(loads(line), place)
        except (Doubt, KeyError, TypeError, AttributeError, ValueError, Refused):
            doubtful.append(place)
    table, suspects = quick.build(origin, first_position)
    for place in sorted([*doubtful, *suspects]):
        line = lines[place]
        event = read_json(line)
        if isinstance(event, Reject):
            if line.strip():
                slow.reject(first_position + place, event, line, None)
            continue
        row = row_or_reject(event, rules)
        if isinstance(row, Reject):
            slow.reject(first_position + place, row, line, event)
        else:
            slow.add(row, first_position + place)
    rest = slow.build()
    return Batch(pa.concat_tables([table, rest.events]) if rest.events.num_rows else table, rest.rejects)
