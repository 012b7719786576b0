"""How like names and words are: those of columns to those of the catalogue, and a system's words to its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache

# as systems shorten them
_SHORT = {
    **dict.fromkeys(("no", "num", "nr", "nbr", "numb"), "number"),
    **dict.fromkeys(("ref", "refno", "reference"), "ref"),
    **dict.fromkeys(("dt", "dte"), "date"),
    **dict.fromkeys(("cat", "category"), "group"),
    **dict.fromkeys(("offense", "offence", "crimetype"), "offence"),
    **dict.fromkeys(("evt", "ev"), "event"),
    **dict.fromkeys(("recd", "rcvd"), "received"),
    **dict.fromkeys(("org", "organization"), "organisation"),
    **dict.fromkeys(("occ", "occ'd"), "occurred"),
    "sts": "status",
    "stat": "status",
    "desc": "description",
    "tel": "telephone",
    "addr": "address",
}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_YES, _NO = frozenset(("y", "yes", "true", "t", "1")), frozenset(("n", "no", "false", "f", "0"))
LIKE = 0.6
"""From here on two words are like enough to be offered for one another."""


@cache
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case, written out: `CrimeNo`, `crime_no` and `Crime Number` have the same."""
    found = (part.lower() for part in _PARTS.findall(name))
    return tuple(_SHORT.get(part) or _singular(part) for part in found)


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 and not word.endswith(("ss", "us", "is")) else word


@cache
def likeness(one: str, other: str) -> float:
    """How like two names are, 0 to 1: by the words that they share, and by their letters where they are close."""
    mine, theirs = set(tokens(one)), set(tokens(other))
    if not mine or not theirs:
        return 0.0
    shared = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    return max(shared, _letters(bare(one), bare(other), 0.8))


def _letters(one: str, other: str, least: float) -> float:
    """How like two words are by their letters; 0 where that is less than `least`, which is quicker to tell."""
    matcher = SequenceMatcher(None, one, other)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    found = matcher.ratio()
    return found if found >= least else 0.0


def bare(word: str) -> str:
    """A word without case, spaces and punctuation."""
    return "".join(filter(str.isalnum, word.casefold()))


def same_value(word: str, labels: Mapping[str, str]) -> str | None:
    """The value that a word is, by itself or by its label, whatever its case and punctuation; None where it is none,
    or might be two."""
    found = {value for value, label in labels.items() if bare(word) in (bare(value), bare(label))}
    return found.pop() if len(found) == 1 else None


def like_values(word: str, labels: Mapping[str, str]) -> list[str]:
    """The values that a word could be, the most like first."""
    scored = sorted(((-_word_likeness(word, value, label), value) for value, label in labels.items()))
    return [value for score, value in scored if -score >= LIKE]


@cache
def _word_likeness(word: str, value: str, label: str) -> float:
    mine = bare(word)
    best = 0.0
    for theirs in (bare(value), bare(label)):
        if len(mine) >= 3 and len(theirs) >= 3 and (theirs.startswith(mine) or mine.startswith(theirs)):
            best = max(best, 0.9)
        best = max(best, _letters(mine, theirs, LIKE))
    return max(best, likeness(word, value), likeness(word, label))


def truth(word: str) -> str | None:
    """`true` or `false` where a word plainly says so."""
    small = word.strip().casefold()
    return "true" if small in _YES else "false" if small in _NO else None


def best(name: str, known: Iterable[str]) -> float:
    """How like the most like of several names is."""
    return max((likeness(name, one) for one in known), default=0.0)
