"""What each column of a sample is for, and the draft of a mapping that comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from throughline.schemas.definitions.domain import Domain
from throughline.sources.workbench.draft import Answers, Draft, Noted, Part
from throughline.sources.workbench.likeness import tokens
from throughline.sources.workbench.meaning import FormOf, Meaning, meaning_of
from throughline.sources.workbench.numbering import Numbering, is_code
from throughline.sources.workbench.person import may_be_shown
from throughline.sources.workbench.roles import (
    Roles,
    areas_of,
    has_clock,
    on_the_wall,
    relation_parts,
    roles_of,
    snapshot_parts,
    topic_parts,
)
from throughline.sources.workbench.sample import Sample

_NEARLY_ALL = 0.8


def draft_of(sample: Sample, domain: Domain, given: Mapping[str, str] | None = None) -> Draft:
    """Draft a mapping of a sample; `given` are answers by the key of their decision (`area`, `types.NEW`).

    Raises UsageError for an answer to what was not asked.
    """
    answers = Answers(dict(given or {}))
    roles = roles_of(sample, domain)
    kinds = frozenset(kind for one in roles.numbers.values() for kind in one.kinds[:1])
    meaning = meaning_of(
        sample.title, tuple(roles.columns), roles.free(), frozenset(roles.dates), kinds, domain, answers, sample.step
    )
    time = answers.said("time.column") or (roles.times[0] if len(roles.times) == 1 else "")
    parts = [
        Part("title", sample.title.replace("_", " ").capitalize() or "Export"),
        _source(sample, meaning, domain, answers),
        *(_layout(sample) if sample.layout.key != "database" else ()),
        _area(roles, domain, answers),
        *_unit(roles, meaning, domain, answers),
        *_identifiers(roles, meaning, domain, answers),
        *_times(sample, roles, time, domain, answers),
        *meaning.parts(_form_of(roles, domain, answers), _stand_ins(roles, time), answers),
        *snapshot_parts(sample, roles),
        _id(sample, roles, meaning, time),
    ]
    if sample.layout.key == "topic":
        parts[2:3] = topic_parts(sample, answers)
        parts = [Part(one.key, on_the_wall(one.value, domain), one.comments) for one in parts]
    if sample.layout.key == "database":
        parts[2:2] = relation_parts(sample, roles, _mentioned(parts[-1].value), answers)
    used = {*meaning.columns, roles.area, roles.unit, roles.recorded, time, *roles.numbers}
    used |= {name for part in parts if part.key in ("id", "fields", "database") for name in _mentioned(part.value)}
    parts.append(_ignored(roles, used, time, answers))
    answers.refuse_unread()
    return Draft(_head(sample, meaning, answers), tuple(one for one in parts if one.value != []), tuple(answers.asked))


def _mentioned(value: Any) -> list[str]:
    """Every text in a value: among them the columns that it names."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in _mentioned(one)]
    return [text for one in value for text in _mentioned(one)] if isinstance(value, list) else [str(value)]


def _source(sample: Sample, meaning: Meaning, domain: Domain, answers: Answers) -> Part:
    system = re.sub(r"[^a-z0-9]+", "_", sample.title.lower()).strip("_") or "export"
    urn = f"urn:YOUR-ORGANISATION:{meaning.agency or 'AGENCY'}:{system}"
    why = "the name of your system, as urn:WHO:AGENCY:SYSTEM; it keeps it for ever"
    return Part("source", answers.ask("source", [urn], why), (f"Source: {why}.",))


def _layout(sample: Sample) -> list[Part]:
    layout = sample.layout
    said: dict[str, Any] = dict(layout.settings)
    if layout.key == "fixed":
        said["columns"] = [{"name": name, "from": str(first), "to": str(last)} for name, first, last in said["columns"]]
    comments = tuple(f"File: {sentence}." for sentence in layout.evidence)
    if sample.refused:
        comments += (f"File: {sample.refused} rows could not be read as rows and will be refused.",)
    return [Part(layout.key, said, comments)] if said else [Part("", "", comments)]


def _area(roles: Roles, domain: Domain, answers: Answers) -> Part:
    if roles.area:
        column = roles.columns[roles.area]
        found = areas_of(column, domain)
        said = f"Area: {len(found)} of {len(column.counts)} words of `{roles.area}` are areas of the domain."
        if all(word == code for word, code in found.items()) and len(found) == len(column.counts):
            return Part("area", roles.area, (said,))
        codes = list(domain.areas or {})
        words = {
            word: found.get(word) or answers.ask(f"area.values.{word}", codes, "the area of this word")
            for word in column.counts
            if word in found or may_be_shown(word)
        }
        return Part("area", {"column": roles.area, "values": words}, (said,))
    for name, one in roles.numbers.items():
        begun = {value[:2].upper() for value in roles.columns[name].counts}
        if one.kinds == ("urn",) and len(begun) == 1 and (code := begun.copy().pop()) in (domain.areas or {}):
            assert domain.areas is not None
            said = f"Area: every value of `{name}` begins with {code}, which is {domain.areas[code]}."
            return Part("area", {"constant": answers.said("area") or code}, (said,))
    if domain.areas is None:
        why = "a name for the area whose cases these are: cases of two areas are never joined"
        return Part("area", {"constant": answers.ask("area", ["NAME"], why)}, (f"Area: {why}.",))
    listed = ", ".join(f"{code} {label}" for code, label in domain.areas.items())
    why = "no column says the area; every event has one"
    return Part("area", {"constant": answers.ask("area", list(domain.areas), why)}, (f"Area: {why}: {listed}.",))


def _unit(roles: Roles, meaning: Meaning, domain: Domain, answers: Answers) -> list[Part]:
    if roles.unit:
        return [Part("unit", roles.unit)]
    if any(
        "unit" in domain.types[name].fields and domain.types[name].fields["unit"].required for name in meaning.types
    ):
        why = "the type needs a unit, and no column is called one"
        return [Part("unit", {"constant": answers.ask("unit", ["CODE"], why)}, (f"Unit: {why}.",))]
    return []


def _identifiers(roles: Roles, meaning: Meaning, domain: Domain, answers: Answers) -> list[Part]:
    said: dict[str, Any] = {}
    comments: list[str] = []
    for name, one in roles.numbers.items():
        comments.append(f"Identifier `{name}`: {one.evidence}.")
        kind = one.kinds[0]
        if len(one.kinds) > 1:
            kind = answers.ask(f"identifiers.{name}", one.kinds, "which number it is")
        how: Any = {"repair": list(one.repair)} if one.repair else {"split": "json"} if one.is_list else {}
        value: Any = {"column": name, **how} if how else name
        if kind in said and value == name and isinstance(said[kind], str | list):
            said[kind] = [*(said[kind] if isinstance(said[kind], list) else [said[kind]]), name]
        elif kind in said:
            roles.left[name] = f"a second `{kind}` that needs {'`split`' if one.is_list else 'repair'}: add it by hand"
        else:
            said[kind] = value
    if not said:
        code = next((one for one in roles.free() if is_code(one)), None)
        kinds = [kind for name in meaning.types for kind in domain.types[name].requires] or [
            kind.kind for kind in domain.identifiers if kind.links
        ]
        if code is not None:
            kind = answers.ask(f"identifiers.{code.name}", list(dict.fromkeys(kinds)), "which number it is")
            roles.numbers[code.name] = Numbering(code.name, (kind,), "")
            comments.append(f"Identifier `{code.name}`: it has codes, and nothing says of what kind.")
            said[kind] = code.name
        else:
            comments.append("Identifiers: no column looks like one; without any, no event joins a case.")
            return [Part("", "", tuple(comments))]
    return [Part("identifiers", said, tuple(comments))]


def _form(name: str, roles: Roles, domain: Domain, answers: Answers, *, key: str) -> dict[str, Any]:
    """The keys that say how a column's times are written."""
    dates = roles.dates[name]
    forms = list(dates.forms)
    for pair in dates.orders:
        chosen = answers.ask(f"{key}.format", pair, f"`{name}`: the order of day and month")
        forms[forms.index(pair[0])] = chosen
    said: dict[str, Any] = {"column": name, "format": forms[0] if len(forms) == 1 else forms}
    if dates.zones:
        said["zone"] = answers.ask(f"{key}.zone", dates.zones, f"`{name}`: which clock its times are of")
    elif dates.is_local and has_clock(dates):
        said["zone"] = domain.time_zone
    if dates.is_short:
        said["short_years"] = "1950"
    return said


def _times(sample: Sample, roles: Roles, time: str, domain: Domain, answers: Answers) -> list[Part]:
    if not roles.times:
        why = "no column reads as times"
        return [Part("time", answers.ask("time", list(roles.columns), why), (f"Time: {why}.",))]
    comments = [f"Time: `{name}`: {'; '.join(roles.dates[name].evidence)}." for name in roles.times]
    if not time:
        chosen = answers.ask("time.column", roles.times, "which column says when it happened")
        forms: list[str] = []
        for name in roles.times:
            one = _form(name, roles, domain, answers, key="time")["format"]
            forms += [one] if isinstance(one, str) else one
        said: dict[str, Any] = {"column": chosen, "format": list(dict.fromkeys(forms)), "zone": domain.time_zone}
        if any(roles.dates[name].is_short for name in roles.times):
            said["short_years"] = "1950"
        comments.append("Several columns may say when it happened: answer `time.column`, and ignore the others.")
        return [Part("time", said, tuple(comments))]
    said = _form(time, roles, domain, answers, key="time")
    dates = roles.dates[time]
    if dates.is_local and not dates.zones and has_clock(dates):
        comments.append(f"Its times have no offset: read as local times of {domain.time_zone}.")
    if dates.unread:
        count = len(dates.unread)
        rows = ", ".join(str(sample.positions[place]) for place in dates.unread[:3])
        said_of = "value is no time" if count == 1 else "values are no times"
        comments.append(f"{count} {said_of} and will be refused (row {rows}).")
    if dates.is_short:
        comments.append("Years have two digits: read as 1950 to 2049.")
    parts = [Part("time", said, tuple(comments))]
    if roles.recorded and roles.recorded != time:
        parts.append(Part("recorded_at", _form(roles.recorded, roles, domain, answers, key="recorded_at")))
    return parts


def _form_of(roles: Roles, domain: Domain, answers: Answers) -> FormOf:
    """How a dated column is written as the value of a field; None for any other column."""

    def form_of(name: str, is_instant: bool) -> dict[str, Any] | None:
        if name not in roles.dates:
            return None
        said = _form(name, roles, domain, answers, key=f"fields.{name}")
        return said | {"at": "end"} if is_instant and not has_clock(roles.dates[name]) else said

    return form_of


def _stand_ins(roles: Roles, time: str) -> list[str]:
    """Columns that may stand for a required reference: they are used anyway."""
    return [*roles.numbers] or ([time] if time else [])


def _id(sample: Sample, roles: Roles, meaning: Meaning, time: str) -> Part:
    if sample.layout.key == "ocel":
        return Part("id", {"columns": ["id"]}, ("Id: the log itself tells its events apart by it.",))
    keys = [name for name, one in roles.numbers.items() if not one.is_list]
    keys += [name for name in roles.columns if name not in roles.left and "id" in tokens(name)]
    full = [name for name in keys if roles.columns[name].filled == sample.rows]
    if sample.layout.key == "topic" and full:
        said = f"Id: `{full[0]}` is filled in every row, and a row comes again as it changes: does it name one row?"
        return Part("id", {"columns": full[:1]}, (said,))
    steps = [meaning.step] if meaning.step else []
    dated = [time] if time else []
    pool = list(dict.fromkeys([*keys, *steps, *dated]))
    for size in (1, 2, 3):
        for names in combinations(pool, size):
            # what stands around a row is that of its neighbours, too
            is_own = any(not name.startswith("../") for name in names)
            if names[0] in keys and is_own and (share := _told_apart(sample, names)) >= _NEARLY_ALL:
                whole = "every row" if share == 1 else f"{share:.0%} of the rows"
                said = f"Id: {_and(names)} {'is' if size == 1 else 'are'} filled in {whole} and never the same twice"
                rest = "" if sample.is_whole else f" in the first {sample.rows:,} rows"
                return Part(
                    "id",
                    {"columns": list(names)},
                    (f"{said}{rest}. It must stay the same when a row is exported again.",),
                )
    used = [name for name in roles.columns if name not in roles.left and (time or name not in roles.times)]
    said = "Id: no columns tell every row apart, so it is made of all that are used: equal rows are one event."
    return Part("id", {"hash": used}, (said,))


def _told_apart(sample: Sample, names: Sequence[str]) -> float:
    """The share of the rows that have all these columns; 0 where two rows have the same."""
    by_name = {column.name: column.values for column in sample.columns}
    keys = [key for key in zip(*(by_name[name] for name in names), strict=True) if None not in key]
    return len(keys) / sample.rows if len(set(keys)) == len(keys) else 0.0


def _and(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _ignored(roles: Roles, used: set[str], time: str, answers: Answers) -> Part:
    listed: list[str] = []
    for name, column in roles.columns.items():
        if name in used:
            continue
        why = roles.left.get(name)
        if why is None and not time and name in roles.times:
            continue
        if why is None and column.is_constant:
            why = "one value in every row"
        elif why is None and name in roles.dates:
            why = "a time that no field of the type is called after"
        listed.append(Noted(name, why or "no field of the type is like it"))
    if not time and len(roles.times) > 1:
        for _ in roles.times[1:]:
            other = answers.ask("ignore", roles.times[::-1], "the time that is not when it happened")
            listed.append(Noted(other, "which of the times is not `time`"))
    return Part("ignore", listed, ("Not used, and why. A column that appears later is noticed.",) if listed else ())


def _head(sample: Sample, meaning: Meaning, answers: Answers) -> tuple[str, ...]:
    rows = f"{sample.rows:,} {'row' if sample.rows == 1 else 'rows'}"
    rows = rows if sample.is_whole else f"its first {rows}"
    count = len(answers.asked)
    left = (
        "Nothing is left to decide."
        if not count
        else f"{count} left to you: search for DECIDE and put the answer there."
    )
    return (f"Drafted from {sample.name}: {rows}, {len(sample.columns)} columns. {left}", *meaning.said)
