"""The revision of an event: what orders the statements that a source makes of one id.

It is a whole number, a month, a day, or an instant, and is kept in one form, in which the order of code points is the
order of the revisions: a number in 18 digits, a month as `2026-03`, a day as `2026-03-02`, an instant in UTC with six
digits of a second. A month comes before its days, a day before its instants, and a number of fewer than 15 digits
before all of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.rfc3339 import read_instant, read_label
from throughline.schemas.acceptance.rules import Refused

_DIGITS = 18


def read_revision(stated: Any) -> str | None:
    """A revision in its one form; None where none is stated. Raises Refused."""
    if stated is None:
        return None
    if type(stated) is int and stated >= 0:
        stated = str(stated)
    if type(stated) is str and 7 <= len(stated) <= 64 and stated[4] == "-" and "/" not in stated:
        label = read_label(stated)
        if not isinstance(label, str):
            return stated
        micros = read_instant(stated)
        if not isinstance(micros, str):
            return instant_revision(micros)
    elif type(stated) is str and stated.isascii() and stated.isdigit() and len(stated.lstrip("0")) <= _DIGITS:
        return stated.lstrip("0").zfill(_DIGITS)
    told = (
        f"`revision` must be a whole number of at most {_DIGITS} digits, a month, a day, or an instant with its offset"
    )
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


def odd_revisions(revision: pa.Array, retracts: pa.Array) -> np.ndarray:
    """A boolean for each row: whether its revision is not in the one form, or what retracts has none or says no."""
    coded = pc.dictionary_encode(revision, null_encoding="encode")
    is_odd = np.array([not _is_in_form(one) for one in coded.dictionary.to_pylist()], dtype=bool)
    says_no = pc.invert(pc.fill_null(retracts, False))
    wrong = pc.and_(retracts.is_valid(), pc.or_(says_no, revision.is_null()))
    marks: np.ndarray = is_odd[coded.indices.to_numpy(zero_copy_only=False)]
    marks |= wrong.to_numpy(zero_copy_only=False)
    return marks


def _is_in_form(stated: str | None) -> bool:
    try:
        return read_revision(stated) == stated
    except Refused:
        return False
