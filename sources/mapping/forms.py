"""How a mapping says that a time is written, and what such a form can give.

Its keys and what they mean stand in `grammar.py` (FORM).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from throughline.schemas.definitions.entry import Entry
from throughline.sources.mapping.parts import TimeForm

PRECISIONS = ("instant", "day", "month")
EPOCHS = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns")
# the number that a clock of no stated zone would give if it stood in UTC
LOCAL_EPOCHS = ("local_ms", "local_us", "local_ns")
NAMED = ("iso", *EPOCHS, *LOCAL_EPOCHS, "epoch_days")
"""The formats that are no strptime letters."""
_LETTER = re.compile(r"%-?([A-Za-z%])")
_FOR_AN_EVENT = ("skipped", "ahead")


def read_form(part: Entry) -> TimeForm:
    """What a mapping says of a time."""
    zone = part.text("zone", needed=False)
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        part.fault("zone", f"there is no time zone `{zone}`.", "Write an IANA name such as Europe/London.")
    short = part.text("short_years", needed=False)
    if short and not (short.isdecimal() and len(short) == 4 and 1901 <= int(short) <= 2000):
        part.fault("short_years", "must be a year from 1901 to 2000: the first that two digits can mean.")
        short = ""
    return TimeForm(
        formats=part.texts("format") or ("iso",),
        precision=part.choice("precision", PRECISIONS, needed=False),
        zone=zone,
        twice=part.choice("twice", ("range", "refuse", "earlier", "later"), needed=False),
        skipped=part.choice("skipped", ("range", "refuse"), needed=False),
        at=part.choice("at", ("start", "end"), needed=False),
        short_years=int(short) if short else None,
        ahead=part.choice("ahead", ("true", "false"), needed=False) == "true",
    )


def check_pattern(part: Entry, key: str, groups: int = 0) -> None:
    """Note where the text of a key is no regular expression, or has fewer groups."""
    try:
        count = re.compile(part.word(key)).groups
    except re.error as error:
        part.fault(key, f"is no regular expression ({error.msg}).")
    else:
        if count < groups:
            part.fault(key, "needs a group in round brackets around what is wanted.")


def letters(format_: str) -> set[str]:
    """The strptime letters of a format."""
    return set(_LETTER.findall(format_))


def is_absolute(format_: str) -> bool:
    """Whether its times need no zone."""
    return format_ in EPOCHS or "z" in letters(format_)


def gives(format_: str, stated: str = "") -> str:
    """The precision of a time in this format, where `stated` is what the mapping says; '' where it says no month."""
    if stated:
        return stated
    if format_ == "epoch_days":
        return "day"
    if format_ in NAMED:
        return "instant"
    said = letters(format_)
    has_date = bool(said & {"c", "x", "j"}) or ("d" in said and bool(said & set("mbBh"))) or {"V", "u"} <= said
    if has_date and (said & {"c", "X"} or (said & {"H", "I"} and "M" in said)):
        return "instant"
    return "day" if has_date else "month" if said & set("mbBh") else ""


def faults(form: TimeForm, target: str) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a form: key, problem and hint. `target` is event (it has a precision), instant or date."""
    order = ("", *PRECISIONS)
    for one in LOCAL_EPOCHS:
        if one in form.formats and one.replace("local", "epoch") in form.formats:
            yield "format", f"`{one}` and `{one.replace('local', 'epoch')}` read the same number differently.", ""
    for one in form.formats:
        yield from _format_faults(one, form)
        finest = gives(one)
        if finest and one != "iso" and form.precision and order.index(form.precision) < order.index(finest):
            yield "precision", f"`{one}` gives no more than a {finest}.", f"Write `precision: {finest}`."
        given = gives(one, form.precision)
        if target == "instant" and given in {"day", "month"} and not form.at:
            hint = "Say `at: start` or `at: end` of it, or take a column that has the time."
            yield "format", f"the field is an instant, and a time of this form is a {given}.", hint
        if target == "date" and given == "month":
            yield "format", "the field is a date, and a time of this form is a month.", ""
    if target != "event":
        for key in _FOR_AN_EVENT:
            if getattr(form, key):
                yield key, "is for `time` only.", ""
        if form.twice == "range":
            yield "twice", "a field has no precision and can be no range.", "Write refuse, earlier or later."
    if form.at and (target != "instant" or all(gives(one, form.precision) == "instant" for one in form.formats)):
        yield "at", "is for a field that is an instant and is written as a day or month.", ""
    if form.short_years and not any(letters(one) & {"y"} for one in form.formats):
        yield "short_years", "no format has a year of two digits (%y).", ""


def _format_faults(format_: str, form: TimeForm) -> Iterator[tuple[str, str, str]]:
    if format_ in NAMED:
        return
    said = letters(format_)
    if "Z" in said:
        hint = "Take it out by the text around it, and say `zone:`. %z reads an offset."
        yield "format", "%Z takes BST for the time of Bangladesh: names of zones have several meanings.", hint
    if "I" in said and "p" not in said:
        yield "format", "%I without %p does not say whether it is morning.", ""
    if not said & set("Yycx") and not {"G", "V", "u"} <= said:
        yield "format", f"`{format_}` gives no year.", "A year is never guessed."
    elif not gives(format_):
        yield "format", f"`{format_}` gives no month.", "A month is never guessed."
    if "y" in said and form.short_years is None:
        hint = "Say `short_years: 1950` if they mean 1950 to 2049."
        yield "format", "a year of two digits does not say its century.", hint
