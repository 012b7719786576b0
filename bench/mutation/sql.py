"""Slips in SQL, made on its tokens: an operator, a bound, a join, a null or a column taken for another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bench.mutation.mutant import Mutant, distinct

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^']|'')*')"
    r'|(?P<quoted>"[^"]*")'
    r"|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    r"|(?P<word>\w+)"
    r"|(?P<sign><=|>=|<>|!=|->>|->|::|\|\||:=|=>|.)",
    re.DOTALL | re.IGNORECASE,
)
# pieces of one to three tokens, and what is taken for them
_SWAPPED = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "=": ("<>",),
    "<>": ("=",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "and": ("or",),
    "or": ("and",),
    "not": ("",),
    "min": ("max",),
    "max": ("min",),
    "arg_min": ("arg_max",),
    "arg_max": ("arg_min",),
    "bool_or": ("bool_and",),
    "bool_and": ("bool_or",),
    "least": ("greatest",),
    "greatest": ("least",),
    "lead": ("lag",),
    "lag": ("lead",),
    "first_value": ("last_value",),
    "last_value": ("first_value",),
    "row_number": ("rank",),
    "rank": ("row_number",),
    "is null": ("is not null",),
    "is not null": ("is null",),
    "is distinct from": ("is not distinct from",),
    "is not distinct from": ("is distinct from",),
    "distinct": ("",),
    "desc": ("asc",),
    "asc": ("desc",),
    "nulls first": ("nulls last",),
    "nulls last": ("nulls first",),
    "left join": ("join",),
    "semi join": ("anti join",),
    "anti join": ("semi join",),
    "union": ("union all",),
    "union all": ("union",),
    "except": ("intersect",),
    "true": ("false",),
    "false": ("true",),
    "hours": ("days",),
    "hour": ("day",),
    "days": ("hours",),
    "day": ("hour",),
    "month": ("day",),
    "months": ("days",),
    "minute": ("hour",),
    "preceding": ("following",),
}
_LONGEST = 4
# a word with such an ending may be taken for the nearest other one with it
_KINDS = re.compile(
    r"(?:^|_)(at|key|keys|agency|unit|precision|event|id|date|position|step|holder|row|from|to|type|kind|source|area|"
    r"days|seconds|first|last|reference|answers|about|live|rule|role)$"
)
_NAMING = {"as", "table", "into", "join", "from", "update"}
_CLAUSES = ("where", "on", "having", "qualify", "and")
_CLAUSE_ENDS = {
    *("and", "or", "group", "order", "window", "qualify", "having", "where", "limit", "union", "except", "intersect"),
    *("join", "left", "right", "inner", "semi", "anti", "asof", "cross", "then", "when", "else", "end", "select"),
    *("returning", ";", ",", "using"),
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    stop: int
    depth: int


def sql_mutants(file: str, text: str) -> list[Mutant]:
    """Every mutant of the file, by place. Some do not parse or run: that is for the caller to find."""
    tokens = _tokens(text)
    found = (
        Mutant(file, text, start, stop, new)
        for rule in (_swapped, _numbers, _conjuncts, _defaults, _columns, _orders)
        for start, stop, new in rule(tokens)
    )
    return distinct(found)


def _tokens(text: str) -> list[_Token]:
    tokens, depth = [], 0
    for match in _TOKEN.finditer(text):
        kind, word = str(match.lastgroup), match.group().lower()
        depth -= word == ")"
        if kind != "blank":
            tokens.append(_Token(kind, word, match.start(), match.end(), depth))
        depth += word == "("
    return tokens


_Change = tuple[int, int, str]


def _swapped(tokens: list[_Token]) -> Iterator[_Change]:
    """Operators, functions and keywords taken for their like; the longest piece that has one counts."""
    place = 0
    while place < len(tokens):
        for length in range(_LONGEST, 0, -1):
            piece = tokens[place : place + length]
            words = " ".join(token.text for token in piece)
            if len(piece) == length and words in _SWAPPED and _is_operator(tokens, place):
                yield from ((piece[0].start, piece[-1].stop, new) for new in _SWAPPED[words])
                place += length - 1
                break
        place += 1


def _is_operator(tokens: list[_Token], place: int) -> bool:
    """Not the star of `select *` and `count(*)`, not a column or alias called `day`, not the sign of a number."""
    token, before = tokens[place], tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if token.text in {"*", "-", "+"}:
        operands = {"word", "number", "string"}
        both = before and after and before.kind in operands and after.kind in operands
        closed = before and before.text == ")" and after and after.kind in operands | {"sign"}
        return bool((both or closed) and before and before.text not in {"select", "distinct", ",", "from"})
    if token.text == "or":
        return not (after and after.text == "replace")
    if token.text in {"day", "days", "hour", "hours", "month", "months", "minute"}:
        return bool(before and before.kind == "number")
    if token.text in {"first_value", "last_value", "min", "max", "lead", "lag", "rank", "row_number"}:
        return bool(after and after.text == "(")
    return True


def _numbers(tokens: list[_Token]) -> Iterator[_Change]:
    for before, token in pairwise(tokens):
        # what a subquery of `exists` selects is the same whatever it is
        if token.kind == "number" and token.text.isdigit() and before.text != "select":
            yield token.start, token.stop, str(int(token.text) + 1)
            if token.text != "0":
                yield token.start, token.stop, str(int(token.text) - 1)


def _conjuncts(tokens: list[_Token]) -> Iterator[_Change]:
    """One condition of a where, on, having or qualify that always holds."""
    for place, token in enumerate(tokens):
        if token.text not in _CLAUSES:
            continue
        stop = place + 1
        while stop < len(tokens) and not (
            tokens[stop].depth < token.depth
            or (tokens[stop].depth == token.depth and tokens[stop].text in _CLAUSE_ENDS)
        ):
            stop += 1
        inner = tokens[place + 1 : stop]
        if len(inner) > 1:
            yield inner[0].start, inner[-1].stop, "true"


def _defaults(tokens: list[_Token]) -> Iterator[_Change]:
    """`coalesce(a, b)` without b, and `filter (where …)` left to the rule of conjuncts."""
    for place, token in enumerate(tokens):
        if token.text != "coalesce":
            continue
        depth = token.depth + 1
        commas = []
        stop = place + 2
        while not (tokens[stop].text == ")" and tokens[stop].depth == token.depth):
            if tokens[stop].text == "," and tokens[stop].depth == depth:
                commas.append(stop)
            stop += 1
        if commas:
            yield tokens[commas[-1]].start, tokens[stop].start, ""


def _columns(tokens: list[_Token]) -> Iterator[_Change]:
    """A column taken for the nearest other one of its kind, of the same table where one is named, and statement."""
    columns = [
        (
            place,
            kind.group(1),
            tokens[place - 2].text if tokens[place - 1].text == "." else "",
            _statement(tokens, place),
        )
        for place, token in enumerate(tokens)
        if token.kind == "word"
        and (kind := _KINDS.search(token.text))
        and tokens[place - 1].text not in _NAMING
        and tokens[min(place + 1, len(tokens) - 1)].text not in {"(", "."}
    ]
    for place, *like in columns:
        token = tokens[place]
        others = [tokens[other] for other, *its in columns if its == like and tokens[other].text != token.text]
        if others:
            yield token.start, token.stop, min(others, key=lambda other: abs(other.start - token.start)).text


def _statement(tokens: list[_Token], place: int) -> int:
    return sum(token.text == ";" for token in tokens[:place])


def _orders(tokens: list[_Token]) -> Iterator[_Change]:
    """The first key of an `order by` the other way round."""
    for one, two, key, *rest in zip(tokens, tokens[1:], tokens[2:], tokens[3:], tokens[4:], tokens[5:], strict=False):
        if (one.text, two.text) != ("order", "by"):
            continue
        last = rest[1] if rest[0].text == "." else key
        following = rest[2] if rest[0].text == "." else rest[0]
        if following.text in {",", ")", "rows"}:
            yield last.stop, last.stop, " desc"
