"""A clock that jumps: time and date of this process, shifted by what a file says at the moment."""

from __future__ import annotations

import datetime
import sys
import time
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

_TIME, _DATETIME = time.time, datetime.datetime


def shift_clock(file: Path) -> None:
    """Have every module that is imported by now read a shifted clock; the monotonic one stays as it is."""

    def seconds() -> float:
        try:
            return float(file.read_text())
        except (OSError, ValueError):
            return 0.0

    def shifted_time() -> float:
        return _TIME() + seconds()

    class ShiftedDatetime(_DATETIME):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=seconds())

    replaced: dict[int, Any] = {id(_TIME): shifted_time, id(_DATETIME): ShiftedDatetime}
    for name, module in list(sys.modules.items()):
        if name == "datetime":
            continue  # what C code makes, pyarrow's and DuckDB's, stays of the class that it was
        for attribute, found in list(vars(module).items()) if module is not None else ():
            if id(found) in replaced and name.partition(".")[0] in ("throughline", "time", "faust", "aiokafka", "mode"):
                setattr(module, attribute, replaced[id(found)])
