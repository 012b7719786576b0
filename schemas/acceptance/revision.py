"""The revision of an event: what orders the statements that a source makes of one id.

It is a whole number, a day, or an instant, and is kept in one form, in which the order of code points is the order of
the revisions: a number in 18 digits, a day as `2026-03-02`, an instant in UTC with six digits of a second. A day comes
before every instant of it, and a number of fewer than 15 digits before every day.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.rfc3339 import read_instant, read_label
from throughline.schemas.acceptance.rules import Refused

_DIGITS = 18
_ONE_FORM = r"^([0-9]{18}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)$"


def read_revision(stated: Any) -> str | None:
    """A revision in its one form; None where none is stated. Raises Refused."""
    if stated is None:
        return None
    if type(stated) is int and stated >= 0:
        stated = str(stated)
    if type(stated) is str and 10 <= len(stated) <= 64 and stated[4] == "-":
        label = read_label(stated)
        if not isinstance(label, str) and label[1] == "day":
            return stated
        micros = read_instant(stated)
        if not isinstance(micros, str):
            return instant_revision(micros)
    elif type(stated) is str and stated.isascii() and stated.isdigit() and len(stated.lstrip("0")) <= _DIGITS:
        return stated.lstrip("0").zfill(_DIGITS)
    told = f"`revision` must be a whole number of at most {_DIGITS} digits, a day, or an instant with its offset"
    raise Refused("bad_attribute", "revision", told)


def read_retracts(stated: Any) -> bool | None:
    """True where the event is taken back, else None. Raises Refused."""
    if stated is True or stated == "true":
        return True
    if stated is None or stated is False or stated == "false":
        return None
    raise Refused("bad_attribute", "retracts", "`retracts` must be true or false")


def instant_revision(micros: int) -> str:
    """The one form of an instant (microseconds since 1970 UTC)."""
    text = pa.scalar(micros, pa.timestamp("us")).as_py().isoformat(timespec="microseconds")
    return f"{text}Z"


def odd_revisions(revision: pa.Array, retracts: pa.Array) -> pa.Array:
    """A boolean for each row: whether its revision is not in the one form, or what retracts has none or says no."""
    is_odd = pc.fill_null(pc.invert(pc.match_substring_regex(revision, _ONE_FORM)), False)
    says_no = pc.invert(pc.fill_null(retracts, False))
    return pc.or_(is_odd, pc.and_(retracts.is_valid(), pc.or_(says_no, revision.is_null())))
