"""What the rows mean: the type, or the word that says it, and the fields that the columns fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughline.errors import UsageError
from throughline.schemas.definitions.catalogue import TypeField
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import nearest
from throughline.sources.workbench.candidate import Candidate, Catalogue, Filled, like_types, step_column
from throughline.sources.workbench.draft import LEAVE_OUT, Answers, Part
from throughline.sources.workbench.likeness import bare
from throughline.sources.workbench.person import may_be_shown
from throughline.sources.workbench.sample import Column

# so much better than the next that nobody need be asked
_LEAD = 0.75
_SHOWN = 5

# how a column's times are written as a field: the column, and whether the field is an instant
FormOf = Callable[[str, bool], dict[str, Any] | None]


@dataclass
class Meaning:
    """`types` are those that the rows may be of, and `step` the column whose words say which, or empty. `filled` are
    the fields that every one of the choices has."""

    domain: Domain
    types: tuple[str, ...]
    step: str
    words: dict[str, str]
    left_out: tuple[str, ...]
    unsaid: int
    filled: tuple[Filled, ...]
    missing: tuple[str, ...]
    said: tuple[str, ...]
    columns: list[str] = field(default_factory=list)

    @property
    def agency(self) -> str:
        """The agency that every one of the types is of, or empty."""
        agencies = {self.domain.types[name].agency for name in self.types} - {"any"}
        return agencies.pop() if len(agencies) == 1 else ""

    def parts(self, form_of: FormOf, stand_ins: Sequence[str], answers: Answers) -> list[Part]:
        """The keys `type`, `types`, `fields` and `filters`, with what is left to decide."""
        made: list[Part] = []
        if self.step:
            note = [f"Type: the words of `{self.step}` say what each row is."]
            if self.unsaid:
                note.append(f"{self.unsaid} words look like names and are not repeated: add what they mean by hand.")
            made.append(Part("type", self.step, tuple(note)))
            made.append(Part("types", self.words, ("A word that is no event: list it under `filters`, not here.",)))
            if self.left_out:
                made.append(Part("filters", [{"column": self.step, "not_in": list(self.left_out)}]))
        else:
            (name,) = self.words.values()
            made.append(Part("type", {"constant": name}, ("Type: what every row is.",)))
        fields: dict[str, Any] = {}
        comments: list[str] = []
        for one in self.filled:
            fields[one.field], said = self._value(one, form_of, answers)
            comments += said
        for name in self.missing:
            fields[name] = self._stand_in(name, stand_ins, answers)
            comments.append(f"`{name}` is required, and no column is like it.")
        return [*made, Part("fields", fields, tuple(comments))] if fields else made

    def _field(self, name: str) -> TypeField:
        return next(self.domain.types[one].fields[name] for one in self.types if name in self.domain.types[one].fields)

    def _value(self, one: Filled, form_of: FormOf, answers: Answers) -> tuple[Any, list[str]]:
        said: list[str] = []
        form = form_of(one.column, self._field(one.field).type == "timestamp")
        if form is not None:
            return form, said
        if one.split:
            return {"column": one.column, "split": one.split}, said
        if one.words is None:
            return one.column, said
        every = self._field(one.field).values or ("true", "false")
        shown = {word: values for word, values in one.words.items() if len(values) == 1 or may_be_shown(word)}
        if hidden := len(one.words) - len(shown):
            said.append(
                f"`{one.column}`: {hidden} words look like names and are not repeated; their rows will be refused."
            )
        plain = {word: values[0] for word, values in shown.items() if len(values) == 1}
        if len(plain) == len(one.words) and all(word == value for word, value in plain.items()):
            return one.column, said
        if open_words := [word for word in shown if word not in plain]:
            said.append(
                f"`{one.column}`: {len(plain)} of {len(one.words)} words are values of `{one.field}`; "
                f"what {_and(open_words)} mean{'s' if len(open_words) == 1 else ''} is for you to say."
            )
        values = {
            word: plain.get(word)
            or answers.ask(
                f"fields.{one.field}.values.{word}",
                [*meanings, *(v for v in every if v not in meanings)],
                "what it means",
            )
            for word, meanings in shown.items()
        }
        return {"column": one.column, "values": values}, said

    def _stand_in(self, name: str, stand_ins: Sequence[str], answers: Answers) -> Any:
        known = self._field(name)
        key = f"fields.{name}"
        if known.values:
            return {"constant": answers.ask(key, known.values, f"`{name}` is required")}
        if known.type == "bool":
            return {"constant": answers.ask(key, ("true", "false"), f"`{name}` is required")}
        if known.type == "int":
            return {"constant": answers.ask(key, ("1",), f"`{name}` is required")}
        if known.type in ("timestamp", "date"):
            return {"constant": answers.ask(key, ("2026-01-31T17:00:00Z",), f"`{name}` is required")}
        return answers.ask(key, stand_ins, f"`{name}` is required: the column that says it")


def meaning_of(
    title: str,
    names: Sequence[str],
    columns: Sequence[Column],
    dated: frozenset[str],
    kinds: frozenset[str],
    domain: Domain,
    answers: Answers,
    says_type: str = "",
) -> Meaning:
    """What rows mean of which these `columns` are free to fill fields; `names` are those of all columns, `kinds` the
    identifiers that they have. `says_type` is the column that says what each row is, where its format has one.

    Raises UsageError for an answer that is no type."""
    catalogue = Catalogue(domain, columns, dated, (title, *names))
    ranked = catalogue.candidates(kinds)
    chosen = answers.said("type")
    by_name = {column.name: column for column in columns}
    strong = frozenset(one.column for one in ranked[0].filled if one.score >= 0.6) if ranked else frozenset()
    step = by_name.get(says_type) if chosen is None else by_name.get(chosen)
    if step is None and chosen is None:
        step = step_column(columns, strong)
    said = _said(ranked)
    if step is not None:
        return _by_words(step, ranked, domain, answers, said)
    if chosen is not None:
        known = {one.type: one for one in ranked}
        if chosen not in known:
            raise UsageError(f"The domain {domain.name} has no type `{chosen}`.", hint=nearest(chosen, known))
        return _meaning(domain, known[chosen], chosen, (chosen,), said)
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else ranked[0]
    choices = _alike(ranked, domain)[:_SHOWN]
    is_plain = first.score - second.score >= _LEAD and not first.missing
    name = first.type if is_plain or len(choices) == 1 else answers.ask("type", choices, "what every row is")
    if name == first.type:
        return _meaning(domain, first, name, (name,), said)
    return _meaning(domain, first, name, tuple(choices), said)


def _meaning(domain: Domain, one: Candidate, name: str, types: tuple[str, ...], said: tuple[str, ...]) -> Meaning:
    columns = [filled.column for filled in one.filled]
    return Meaning(domain, types, "", {"": name}, (), 0, one.filled, one.missing, said, columns)


def _alike(ranked: Sequence[Candidate], domain: Domain) -> list[str]:
    """The best types for which the draft of the very best is right, too."""
    return [one.type for one in ranked[: 8 * _SHOWN] if _stands_for(domain, one, ranked[0])]


def _stands_for(domain: Domain, other: Candidate, first: Candidate) -> bool:
    """Whether a draft for the first type also fits the other: it has the same fields and values, and needs no more."""
    fields, mine = domain.types[other.type].fields, domain.types[first.type].fields
    named = [*(one.field for one in first.filled), *first.missing]
    return all(name in fields and fields[name].values == mine[name].values for name in named) and set(
        other.missing
    ) <= set(first.missing)


def _by_words(
    step: Column, ranked: Sequence[Candidate], domain: Domain, answers: Answers, said: tuple[str, ...]
) -> Meaning:
    best = _alike(ranked, domain)[:3]
    words: dict[str, str] = {}
    left_out: list[str] = []
    types: list[str] = []
    unsaid = 0
    known = {one.type: one for one in ranked}
    for word in step.counts:
        choices = like_types(word, best, domain)
        same = [name for name in known if bare(word) == bare(name.partition(".")[2])]
        if not may_be_shown(word) and not same and f"types.{word}" not in answers.given:
            unsaid += 1
            continue
        meaning = same[0] if len(same) == 1 else answers.ask(f"types.{word}", choices, "what happened")
        if meaning == LEAVE_OUT:
            left_out.append(word)
            continue
        words[word] = meaning
        if meaning in known:
            types.append(meaning)
        elif set(choices) <= set(best):
            # whichever of them it is, it has these fields
            types.append(ranked[0].type)
    types = list(dict.fromkeys(types))
    filled: dict[str, Filled] = {}
    taken: set[str] = {step.name}
    for name in types:
        for one in known[name].filled:
            if one.field not in filled and one.column not in taken:
                filled[one.field] = one
                taken.add(one.column)
    missing = tuple(dict.fromkeys(field for name in types for field in known[name].missing if field not in filled))
    columns = [step.name, *(one.column for one in filled.values())]
    if not types:
        said += ("Draft again with the types of the words (`--decide types.WORD=TYPE`), and it has their fields, too.",)
    return Meaning(
        domain, tuple(types), step.name, words, tuple(left_out), unsaid, tuple(filled.values()), missing, said, columns
    )


def _said(ranked: Sequence[Candidate]) -> tuple[str, ...]:
    lines = ["", "What a row could be, by how well the columns fit:"]
    lines += [
        f"  {one.type} ({one.score:.1f}): {'; '.join(one.reasons) or 'nothing speaks for it'}"
        for one in ranked[:_SHOWN]
    ]
    return (*lines, "Another one: draft again with `--decide type=TYPE`.")


def _and(words: Sequence[str]) -> str:
    shown = [f"`{word}`" for word in words[:6]]
    rest = len(words) - len(shown)
    return (
        f"{', '.join(shown)} and {rest} more"
        if rest
        else " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    )
