"""A YAML file as a tree whose every node knows where it stands.

Built from the parser's events rather than its objects: so that each key, value and list item has its position, all
duplicate keys are found and not only the first, scalars are read by YAML 1.2's core schema, and aliases are counted
before they are written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nurture.workspace.scalars import core_value
from nurture.workspace.source import Source

Path: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class Scalar:
    """A text, number, truth or nothing. `style` is its quote, `|`, `>`, or empty where it stands plain."""

    text: str
    style: str
    start: int
    end: int

    @property
    def value(self) -> object:
        """What the text means; quoted text is text."""
        return self.text if self.style else core_value(self.text)


@dataclass(slots=True)
class Sequence:
    """A list."""

    start: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values, in order; of a key that stands twice only the first."""

    start: int
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Document:
    """A file that could be parsed."""

    source: Source
    root: Node

    @property
    def data(self) -> Any:
        """What stands in the file, as plain dicts, lists and values."""
        return plain(self.root)

    def offset(self, path: Path, *, at_key: bool = False, within: int | None = None) -> int:
        """Where the value at a path stands, or the nearest one above it that exists.

        Args:
            path: keys and indices, from the top.
            at_key: its key instead of itself.
            within: so many characters into its text, where that can be told.
        """
        node, key = self.root, None
        for part in path:
            step = _below(node, part)
            if step is None:
                return node.start
            key, node = step
        start = node.start
        if at_key and path:
            return start if key is None else key.start
        if within is not None and isinstance(node, Scalar):
            return start + _raw_offset(node, self.source.text[node.start : node.end], within)
        return start

    @property
    def is_list(self) -> bool:
        """Whether it is a list where nearly everything is a mapping."""
        return isinstance(self.root, Sequence)

    def keys(self, *path: str) -> list[Path]:
        """The paths of a mapping's entries; none where there is no mapping."""
        node: Node = self.root
        for part in path:
            step = _below(node, part)
            if step is None:
                return []
            node = step[1]
        return [(*path, key) for key in node.entries] if isinstance(node, Mapping) else []

    def empty(self) -> Iterator[Path]:
        """The path of every key or list item after which nothing stands."""
        yield from _empty(self.root, ())

    def texts(self, *pattern: str | int | None) -> Iterator[tuple[Path, str]]:
        """Every text whose path fits the pattern, in which None stands for any key or index."""
        yield from _texts(self.root, pattern, ())


def plain(node: Node) -> Any:
    """A node as dicts, lists and values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def _below(node: Node, part: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping):
        return node.entries.get(str(part))
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return None, node.items[part]
    return None


def _texts(node: Node, pattern: tuple[str | int | None, ...], path: Path) -> Iterator[tuple[Path, str]]:
    if not pattern:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            yield path, node.value
        return
    part, rest = pattern[0], pattern[1:]
    if isinstance(node, Mapping):
        for key in node.entries if part is None else [str(part)]:
            if key in node.entries:
                yield from _texts(node.entries[key][1], rest, (*path, key))
    elif isinstance(node, Sequence) and part is None:
        for index, item in enumerate(node.items):
            yield from _texts(item, rest, (*path, index))


def _empty(node: Node, path: Path) -> Iterator[Path]:
    if isinstance(node, Scalar):
        if node.value is None:
            yield path
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _empty(item, (*path, index))
    else:
        for key, (_, value) in node.entries.items():
            yield from _empty(value, (*path, key))


_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


def _raw_offset(scalar: Scalar, raw: str, within: int) -> int:
    """How far into the file's own text the n-th character of a scalar stands; 0 where it runs over several lines."""
    if "\n" in raw or scalar.style in ("|", ">"):
        return 0
    if not scalar.style:
        return min(within, len(raw))
    at = raw.find(scalar.style) + 1
    for _ in range(within):
        if at >= len(raw) - 1:
            break
        if scalar.style == "'" and raw.startswith("''", at):
            at += 2
        elif scalar.style == '"' and raw[at] == "\\":
            at += _ESCAPE_LENGTH.get(raw[at + 1 : at + 2], 2)
        else:
            at += 1
    return at
