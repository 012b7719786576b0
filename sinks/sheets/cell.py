"""A cell that a spreadsheet shows, and does not run."""

from __future__ import annotations

from typing import Any

# at the beginning of a text: OWASP, "CSV Injection", with the wide forms that some spreadsheets take for them
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def shown(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula begins with an apostrophe; every other value is as it is.

    Numbers are numbers: `-1` is given as it is, the text `-1` is not.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value
