"""May versions of a type follow one another: does each read the data of each other, here and since earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.compatibility import Verdict, VersionVerdict, full_transitive
from throughline.schemas.wire.avro.schema import AvroType, compile_avro


def verdicts(domain: Domain, before: Domain | None = None) -> Iterator[VersionVerdict]:
    """The verdicts on each ordered pair of versions of each type of `domain`.

    With `before`, the domain as it was published, its versions are what others have: one that `domain` states
    otherwise, or has no more, cannot be read.
    """
    now, earlier = _versions(domain), _versions(before) if before is not None else {}
    for name in sorted(now.keys() | earlier.keys()):
        yield from _broken(name, now.get(name, {}), earlier.get(name, {}))
        held = {**now.get(name, {}), **earlier.get(name, {})}
        yield from full_transitive(name, {version: compiled.schema for version, compiled in held.items()})


def _versions(domain: Domain) -> dict[str, dict[int, AvroType]]:
    found: dict[str, dict[int, AvroType]] = {}
    for form in domain.rules.forms:
        found.setdefault(form.type, {})[form.version] = compile_avro(form)
    return found


def _broken(name: str, now: Mapping[int, AvroType], earlier: Mapping[int, AvroType]) -> Iterator[VersionVerdict]:
    """A verdict on each published version that is not what it was."""
    for version, published in earlier.items():
        if version not in now:
            why = "it is no longer in the catalogue; keep it under `history`"
        elif now[version].fingerprint != published.fingerprint:
            why = "it was published with other fields or values; give the change a version of its own"
        else:
            continue
        yield VersionVerdict(name, version, version, Verdict(False, (why,), ()))
