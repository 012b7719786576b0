"""Forms of texts as regular expressions that every implementation of JSON Schema reads alike (ECMA-262, Unicode)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from throughline.schemas.definitions.identifier import IdentifierKind

_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY_OF_A_YEAR = rf"{_MONTH}-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,30})?"
_OFFSET = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
# what counts as white space or control somewhere, or has no width, and so is in no number
_BLANKS = r"\s\u0000-\u0020\u007f-\u0085\u00ad\u001c-\u001f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"


def whole(pattern: str) -> str:
    """A pattern that the whole text must have."""
    return f"^(?:{pattern})$"


def day(years: str) -> str:
    """A day that there is, in these years."""
    return rf"(?:(?={years}-){_any_day()})"


def month(years: str) -> str:
    return f"(?:{years}-{_MONTH})"


def label(years: str) -> str:
    """A day, a month, or two of either with a slash between them."""
    return f"{day(years)}(?:/{day(years)})?|{month(years)}(?:/{month(years)})?"


def instant(years: str) -> str:
    """An instant in RFC 3339 with its offset."""
    return f"{day(years)}[Tt]{_CLOCK}{_OFFSET}"


def revision() -> str:
    """A whole number of at most 18 digits, a month, a day or an instant."""
    years = "(?!0000)[0-9]{4}"
    return f"0*[0-9]{{1,18}}|{day(years)}|{month(years)}|{instant(years)}"


def years(earliest: int, latest: int) -> str:
    """The years from `earliest` to `latest`, both included."""
    return f"(?:{'|'.join(_blocks(earliest, latest + 1))})"


def normal_forms(kind: IdentifierKind) -> list[str]:
    """Patterns that an identifier in its normal form has, beside that of its kind."""
    steps = set(kind.normalise)
    forms = []
    if "digits" in steps:
        forms.append(whole("[0-9]+"))
    if "alphanumeric" in steps:
        forms.append(whole("[A-Za-z0-9]+"))
    if "no_spaces" in steps:
        forms.append(whole(f"[^{_BLANKS}]+"))
    else:
        # blanks within, and not several where they are made one
        many = "" if "single_spaces" in steps else "{1,}"
        forms.append(whole(f"[^{_BLANKS}]+(?: {many}[^{_BLANKS}]+)*"))
    if "upper" in steps:
        forms.append(whole("[^a-z]*"))
    if "lower" in steps:
        forms.append(whole("[^A-Z]*"))
    if "no_slashes" in steps:
        forms.append(whole(r"[^/\\]*"))
    if "no_hyphens" in steps:
        forms.append(whole("[^-]*"))
    if "no_leading_zeros" in steps:
        forms.append(whole("0|[^0].*"))
    return forms


# as schemas/definitions/identifier.py has it
MANGLED = whole(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+|[0-9]+\.0+|=.*|['\"\u2018\u201c].*|.*['\"\u2019\u201d]|\[.*\]")
"""What a spreadsheet makes of a number, or a program of a list."""


def any_case(text: str) -> str:
    """A pattern for a text in capitals or small letters."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isascii() and c.isalpha() else re.escape(c) for c in text)


def one_of(texts: Iterable[str]) -> str:
    return "|".join(texts)


def _any_day() -> str:
    return rf"(?:{_LEAP}-02-29|[0-9]{{4}}-(?:{_DAY_OF_A_YEAR}))"


def _blocks(first: int, end: int) -> Iterator[str]:
    """The numbers from `first` to before `end`, of four digits, as blocks of 1, 10, 100 or 1000."""
    while first < end:
        size = next(size for size in (1000, 100, 10, 1) if first % size == 0 and first + size <= end)
        digits = {1000: 1, 100: 2, 10: 3, 1: 4}[size]
        yield f"{first:04}"[:digits] + (f"[0-9]{{{4 - digits}}}" if digits < 4 else "")
        first += size
