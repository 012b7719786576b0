"""YAML as plain values that know where they stand: mappings and lists keep the lines of keys and items."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from throughline.errors import DomainError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_LIMIT = 1 << 20
_DEEPEST = 100
_TOO_DEEP = "is not YAML that can be read: it nests too deep"
_BRACKET = re.compile(r"[][{}]")
# as deep as half of the deepest at least: by spaces, or by lists and keys within one line
_INDENTED = re.compile(r"^ {50}|^[ ]*(?:[-?:][ ]+){50}", re.MULTILINE)


class YamlMap(dict[str, Any]):
    """A mapping of YAML; `line` is where it begins, `lines` where each key stands (from 1)."""

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line of a key; that of the mapping where the key is missing."""
        return self.lines.get(key, self.line)


class YamlList(list[Any]):
    """A list of YAML; `line` is where it begins, `lines` where each item stands (from 1)."""

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def plain(value: Any) -> Any:
    """The value as mere dictionaries and lists, for who copies or compares it."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@dataclass
class YamlFile:
    """What a file holds, and the faults of form (line, sentence) that were met on the way."""

    path: Path
    content: Any
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_yaml(path: Path, *, as_words: bool = False) -> YamlFile:
    """Read one YAML document of at most a megabyte. An empty file holds None.

    With `as_words` every scalar is the text that stands there: `NO` is a word and `0123` a code; only `null`, `~` and
    nothing are None. A key that stands twice, a key that is not text, a date that does not exist and an alias are
    faults of the result: an alias takes no memory, however many there are. Raises DomainError where the file cannot be
    read or is not YAML at all.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > _LIMIT:
            raise DomainError("is larger than a megabyte", file=path, hint="Split it, or name another file.")
        text = raw.decode("utf-8-sig")
        if _is_deep(text):
            raise DomainError(_TOO_DEEP, file=path)
        root = yaml.compose(text, Loader=_Loader)
        read = YamlFile(path, None)
        read.content = None if root is None else _Composer(read.faults, as_words).value(root)
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(f"cannot be read: {error}", file=path, hint="It is to be UTF-8 text.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise DomainError(f"is not YAML: {what}", file=path, line=None if mark is None else mark.line + 1) from error
    except RecursionError:
        raise DomainError(_TOO_DEEP, file=path) from None
    return read


def _is_deep(text: str) -> bool:
    """Whether it nests deeper than any rule does: libyaml's composer recurses, and would end the process.

    To walk through the events takes as long as to compose them, so only a text that may be deep is walked through.
    """
    open_ = accumulate(1 if one in "[{" else -1 for one in _BRACKET.findall(text))
    if _INDENTED.search(text) is None and max(open_, default=0) <= _DEEPEST:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return True
    return False


class _Composer:
    def __init__(self, faults: list[tuple[int, str]], as_words: bool) -> None:
        self.faults = faults
        self.as_words = as_words
        self.scalars: Any = yaml.SafeLoader("")
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, near: int = 1) -> Any:
        """The value of a node; `near` is the line of what holds it: an alias has that of its anchor."""
        line = node.start_mark.line + 1
        if id(node) in self.seen:
            # An alias may nest without end, and a reader should not have to look elsewhere for a rule.
            self.faults.append((near, "an anchor (&…) is used again (*…): write the value out"))
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, line)
        if isinstance(node, yaml.SequenceNode):
            items = YamlList(line)
            for item in node.value:
                items.lines.append(item.start_mark.line + 1)
                items.append(self.value(item, line))
            return items
        if node.tag == _STRING or (self.as_words and node.tag != _NULL):
            return node.value
        try:
            return self.scalars.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):
            self.faults.append((line, f"`{node.value}` is no value that YAML knows (a date must exist)"))
            return None

    def mapping(self, node: yaml.MappingNode, line: int) -> YamlMap:
        made = YamlMap(line)
        for key_node, value_node in node.value:
            is_word = self.as_words and isinstance(key_node, yaml.ScalarNode)
            key, at = key_node.value if is_word else self.value(key_node, line), key_node.start_mark.line + 1
            if not isinstance(key, str):
                self.faults.append((at, f"the key {key!r} is not text: put it in quotation marks"))
                key = str(getattr(key_node, "value", key))
            if key in made:
                self.faults.append((at, f"`{key}` stands twice; it stood before in line {made.lines[key]}"))
                continue
            made.lines[key] = at
            made[key] = self.value(value_node, at)
        return made
