"""A mapping's YAML as sections that know their lines. Scalars stay text: `NO` is a word, `0123` a code.

Duplicate keys, anchors that point at themselves and documents of more than a megabyte are errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from throughline.errors import MappingError

_LIMIT = 1 << 20

Plain = str | list["Plain"] | dict[str, "Plain"] | None


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest of the known names, or lists them."""
    known = list(known)
    close = get_close_matches(name, known, 1, 0.6) or get_close_matches(
        name.casefold(), [k for k in known if k.casefold() == name.casefold()], 1, 0
    )
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"There is: {', '.join(f'`{k}`' for k in known[:40])}." if known else "There is none."


@dataclass(frozen=True)
class Section:
    """A YAML mapping and where it stands: `name` is its dotted path."""

    file: Path
    name: str
    node: yaml.MappingNode

    def _nodes(self) -> dict[str, tuple[yaml.Node, int]]:
        return {key.value: (value, key.start_mark.line + 1) for key, value in self.node.value}

    def __contains__(self, key: str) -> bool:
        return key in self._nodes()

    def keys(self) -> Iterator[str]:
        """The keys in the order of the file."""
        yield from self._nodes()

    def line(self, key: str | None = None) -> int:
        """The line of a key, or of the section."""
        nodes = self._nodes()
        return nodes[key][1] if key in nodes else int(self.node.start_mark.line) + 1

    def error(self, what: str, key: str | None = None, hint: str = "") -> MappingError:
        """A MappingError at a key of this section."""
        path = ".".join(part for part in (self.name, key) if part)
        return MappingError(what, file=self.file, line=self.line(key), field=path or None, hint=hint)

    def only(self, allowed: Iterable[str]) -> None:
        """Raise for a key that is not one of these."""
        allowed = list(allowed)
        for key in self.keys():
            if key not in allowed:
                raise self.error("a mapping has no such key here", key, nearest(key, allowed))

    def get(self, key: str) -> Plain:
        """The value as text, list and dict; None where the key is missing or null."""
        found = self._nodes().get(key)
        return None if found is None else _plain(found[0])

    def text(self, key: str) -> str:
        """A scalar that must be there."""
        value = self.get(key)
        if not isinstance(value, str):
            raise self.error("must be a text" if key in self else "is missing", key)
        return value

    def texts(self, key: str) -> list[str]:
        """A list of scalars; one scalar stands for a list of one; missing is empty."""
        value = self.get(key)
        items = [] if value is None else value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise self.error("must be a list of texts", key)
        return [item for item in items if isinstance(item, str)]

    def section(self, key: str) -> Section | None:
        """The mapping under a key, None where it is missing."""
        found = self._nodes().get(key)
        if found is None or _plain(found[0]) is None:
            return None
        return self._section(key, found[0])

    def sections(self, key: str) -> list[Section]:
        """The list of mappings under a key; missing is empty."""
        found = self._nodes().get(key)
        if found is None:
            return []
        if not isinstance(found[0], yaml.SequenceNode):
            raise self.error("must be a list", key)
        return [self._section(f"{key}[{i}]", node) for i, node in enumerate(found[0].value)]

    def _section(self, key: str, node: yaml.Node) -> Section:
        path = ".".join(part for part in (self.name, key) if part)
        if not isinstance(node, yaml.MappingNode):
            raise MappingError("must have keys of its own", file=self.file, line=node.start_mark.line + 1, field=path)
        return Section(self.file, path, node)


def read_section(path: Path) -> Section:
    """The top of a YAML file. Raises MappingError where it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MappingError(f"cannot be read ({error.strerror})", file=path) from error
    if len(raw) > _LIMIT:
        raise MappingError("is larger than a megabyte", file=path, hint="This is no mapping file.")
    try:
        node = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise MappingError("is not UTF-8", file=path, hint="Save it as UTF-8.") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise MappingError(
            f"is no YAML ({getattr(error, 'problem', None) or 'it nests too deep'})",
            file=path,
            line=None if mark is None else mark.line + 1,
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise MappingError("has no keys", file=path, hint="A mapping begins with `title:` and `source:`.")
    _refuse_repeats(path, node, ())
    return Section(path, "", node)


def _refuse_repeats(path: Path, node: yaml.Node, above: tuple[int, ...]) -> None:
    if id(node) in above or len(above) > 50:
        raise MappingError("points at itself or nests too deep", file=path, line=node.start_mark.line + 1)
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeats(path, item, above)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise MappingError("a key must be a text", file=path, line=key.start_mark.line + 1)
            if key.value in seen:
                raise MappingError("stands twice", file=path, line=key.start_mark.line + 1, field=key.value)
            seen.add(key.value)
            _refuse_repeats(path, value, above)


def _plain(node: yaml.Node) -> Plain:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if node.tag.endswith(":null") and node.value in {"", "~", "null"}:
        return None
    return str(node.value)
