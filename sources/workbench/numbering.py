"""Which columns hold the numbers by which agencies know a case, with the share of the values that fit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.identifier import PSEUDONYM, IdentifierKind
from throughline.sources.workbench.likeness import tokens
from throughline.sources.workbench.sample import Column

_NUMBER = frozenset(("number", "ref", "id", "identifier", "key", "code", "uid", "uuid", "guid"))
_SMALL_WORDS = frozenset(["of", "the", "a", "an", "to", "for", "by"])
_QUOTED = re.compile(r"""=?["'\u2018\u201c].*|.*["'\u2019\u201d]""").fullmatch
_WHOLE = re.compile(r"\d+\.0+").fullmatch
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+\d+").fullmatch
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9/:._-]{3,64}").fullmatch
_DECIMAL = re.compile(r"-?\d*\.\d+").fullmatch
_FITS = 0.8


@dataclass(frozen=True)
class Numbering:
    """A column of identifiers: the kinds that it may be of, the likeliest first, and why. With one kind it is known.

    `repair` is what undoes a spreadsheet, as a mapping says it; `is_list`: a cell may have several.
    """

    column: str
    kinds: tuple[str, ...]
    evidence: str
    repair: tuple[str, ...] = ()
    is_list: bool = False


def numbering_of(column: Column, domain: Domain) -> Numbering | None:
    """What kind of identifier a column holds; None where nothing speaks for one."""
    if column.is_empty:
        return None
    if column.is_list:
        each = tuple(one for cell in column.values if cell is not None for one in json.loads(cell))
        found = numbering_of(Column(column.name, each), domain)
        return None if found is None or found.repair else replace(found, is_list=True)
    repair = tuple(
        name for name, spoilt in (("unquote", _QUOTED), ("whole", _WHOLE)) if any(map(spoilt, column.counts))
    )
    kinds = {kind.kind: kind for kind in domain.identifiers if kind.links or _are_pseudonyms(column)}
    by_form = sorted(
        ((-share, name) for name, kind in kinds.items() if (share := _share(column, kind, repair)) >= _FITS)
    )
    if by_form:
        kind = kinds[by_form[0][1]]
        return Numbering(column.name, (kind.kind,), _said(column, kind, repair, "have its form"), repair)
    shapes = _shapes(domain)
    mine = {_shape(value) for value in column.counts}
    by_name = sorted(((-score, name) for name, kind in kinds.items() if (score := _named(column.name, kind)) >= 0.6))
    by_shape = [name for name in kinds if mine and mine <= shapes.get(name, set())]
    if by_name and (len(by_name) == 1 or by_name[0][0] < by_name[1][0]):
        name = by_name[0][1]
        return Numbering(
            column.name, (name,), _said(column, kinds[name], repair, "are well-formed, by its name"), repair
        )
    if by_name:
        return Numbering(column.name, tuple(name for _, name in by_name), "several kinds by its name", repair)
    if by_shape:
        said = "its values are written as the catalogue's examples"
        return Numbering(column.name, tuple(by_shape), said, repair)
    return None


def is_code(column: Column) -> bool:
    """Whether a column has codes, as numbers of records are, and many of them."""
    return (
        not column.is_empty
        and 2 * len(column.counts) > column.filled
        and all(map(_CODE, column.counts))
        and not all(value.isdecimal() and len(value) < 5 for value in column.counts)
        and not any(map(_DECIMAL, column.counts))
    )


def rounded(column: Column) -> int:
    """How many values have lost digits in a spreadsheet."""
    return sum(count for value, count in column.counts.items() if _ROUNDED(value))


def _are_pseudonyms(column: Column) -> bool:
    return all(PSEUDONYM.fullmatch(value) for value in column.counts)


def _repaired(value: str, repair: tuple[str, ...]) -> str:
    if "unquote" in repair:
        value = value.strip("=\"'\u2018\u201c\u2019\u201d")
    return value.split(".0")[0] if "whole" in repair and _WHOLE(value) else value


def _share(column: Column, kind: IdentifierKind, repair: tuple[str, ...] = ()) -> float:
    """Which share of the values has the form of a kind that has one; 0 for a kind that has none, and of words."""
    digits = sum(count for value, count in column.counts.items() if any(map(str.isdecimal, value)))
    if kind.pattern is None or 2 * digits < column.filled:
        return 0.0
    return _good(column, kind, repair) / column.filled


def _good(column: Column, kind: IdentifierKind, repair: tuple[str, ...]) -> int:
    return sum(
        count
        for value, count in column.counts.items()
        if kind.is_well_formed(kind.normalise_value(_repaired(value, repair)))
    )


def _said(column: Column, kind: IdentifierKind, repair: tuple[str, ...], how: str) -> str:
    lost = rounded(column)
    rest = f"; {lost} have lost digits in a spreadsheet and will be refused" if lost else ""
    return f"{_good(column, kind, repair)} of {column.filled} values {how}{rest}"


def _named(name: str, kind: IdentifierKind) -> float:
    """How much a column is called like a kind: what is numbered has to be the same, and that it is a number be said."""
    mine = set(tokens(name))
    best = 0.0
    for known in _names(kind):
        theirs = set(tokens(known)) - _SMALL_WORDS
        core, other = mine - _NUMBER, theirs - _NUMBER
        if not core or not other or not core & other:
            continue
        is_number = bool(mine & _NUMBER) or (core == other and len(core) == 1)
        score = 2 * len(core & other) / (len(core) + len(other))
        best = max(best, score if is_number else 0.0)
    return best


def _names(kind: IdentifierKind) -> Iterator[str]:
    yield kind.kind
    yield kind.name
    yield from re.findall(r"\(([^)]+)\)", kind.name)


def _shape(value: str) -> str:
    """A text with every digit the same and every letter the same."""
    return re.sub(r"[A-Za-z]", "A", re.sub(r"\d", "9", value.strip()))


def _shapes(domain: Domain) -> dict[str, set[str]]:
    """By kind how the catalogue's examples write it, where there is something in it but digits and letters."""
    found: dict[str, set[str]] = {}
    for event_type in domain.types.values():
        for kind, given in (event_type.example.get("identifiers") or {}).items():
            for value in given if isinstance(given, list) else [given]:
                shape = _shape(str(value))
                if "/" in shape or "-" in shape:
                    found.setdefault(kind, set()).add(shape)
    return found
