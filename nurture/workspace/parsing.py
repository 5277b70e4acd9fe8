"""From a file's text to a `Document`, with every problem of the YAML itself."""

import re
from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from nurture.errors import Problem
from nurture.grammar.mistakes import quoted
from nurture.workspace.codes import DUPLICATE_KEY, EMPTY, FOREIGN_YAML, SYNTAX, TOO_COMPLEX, Code
from nurture.workspace.document import Document, Mapping, Node, Scalar, Sequence
from nurture.workspace.source import Source
from nurture.workspace.syntax import syntax_problem

_DEEPEST = 20
_MOST_NODES = 50_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAKS_OF_OLD = ("\x85", "\u2028", "\u2029")

Parsed = tuple[Document | None, list[Problem]]
"""What came of it: a document, unless the file is no YAML at all."""


def parse(source: Source) -> Parsed:
    """Parse a file. Never raises."""
    try:
        events = _events(source.text)
    except MarkedYAMLError as error:
        return None, [syntax_problem(source, error)]
    except YAMLError as error:
        offset = getattr(error, "position", 0)
        message = "a control character stands here, which no YAML file may hold"
        return None, [source.problem(SYNTAX, offset if isinstance(offset, int) else 0, message)]
    except (ValueError, OverflowError):
        # The pure parser does not check the numbers of characters that are written as escapes.
        at = source.text.find("\\U")
        return None, [source.problem(SYNTAX, at, "there is no character of this number")]
    return _Builder(source).build(events)


def _events(text: str) -> list[Any]:
    """The parser's events: by libyaml where it is there, which is ten times faster and says less of what is wrong.

    libyaml breaks lines at three characters that YAML 1.2 does not; a text that holds one is not given to it.
    """
    if not any(character in text for character in _LINE_BREAKS_OF_OLD):
        try:
            return _shallow(YAML(typ="safe").parse(text))
        except YAMLError:
            pass
    return _shallow(YAML(typ="safe", pure=True).parse(text))


def _shallow(events: Iterable[Any]) -> list[Any]:
    """The events, up to the first that lies too deep: both parsers take ages for thousands of open brackets."""
    taken, depth = [], 0
    for event in events:
        taken.append(event)
        if isinstance(event, SequenceStartEvent | MappingStartEvent):
            depth += 1
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            break
    return taken


_NO_KEY = Scalar("", "", 0, 0)


class _TooMuch(Exception):
    """Nothing more of this file is worth looking at."""


class _Builder:
    """Makes a tree out of events, and keeps what is wrong with it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._problems: list[Problem] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: list[Node] = []
        self._keys: list[Scalar | None] = []
        self._sizes: list[int] = []
        self._names: list[str | None] = []
        self._roots: list[Node] = []

    def build(self, events: list[Any]) -> Parsed:
        try:
            for event in events:
                self._take(event)
        except _TooMuch:
            return None, self._problems
        if not self._roots or _is_nothing(self._roots[0]):
            self._report(EMPTY, 0, "the file is empty")
            return None, self._problems
        return Document(self._source, self._roots[0]), self._problems

    def _take(self, event: Any) -> None:
        if isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            self._begin(event, Sequence(event.start_mark.index))
        elif isinstance(event, MappingStartEvent):
            self._begin(event, Mapping(event.start_mark.index))
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._end()

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            message = f"{quoted('*' + event.anchor)} repeats what was never named"
            self._report(SYNTAX, event.start_mark.index, message, stop=True)
        node, size = self._anchors[event.anchor]
        self._add(node, size, event.start_mark.index)

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        start, end = event.start_mark.index, event.end_mark.index
        if _SURROGATE.search(event.value):
            self._report(SYNTAX, start, "this text holds half of a character", "write the character itself")
        if event.anchor and not event.style:
            # The mark is where the anchor stands, not the text.
            start = max(start, end - len(event.value))
        scalar = Scalar(event.value, event.style or "", start, end)
        if event.anchor:
            self._anchors[event.anchor] = (scalar, 1)
        self._add(scalar, 1, start)

    def _begin(self, event: Any, node: Sequence | Mapping) -> None:
        self._refuse_tag(event)
        if len(self._open) >= _DEEPEST:
            self._report(TOO_COMPLEX, node.start, f"lists and mappings nest at most {_DEEPEST} deep", stop=True)
        self._open.append(node)
        self._keys.append(None)
        self._sizes.append(1)
        self._names.append(event.anchor)

    def _end(self) -> None:
        node, size, name = self._open.pop(), self._sizes.pop(), self._names.pop()
        self._keys.pop()
        if name:
            self._anchors[name] = (node, size)
        self._add(node, size, node.start)

    def _add(self, node: Node, size: int, at: int) -> None:
        if not self._open:
            if self._roots:
                hint = "one file is one document; drop the `---`"
                self._report(FOREIGN_YAML, at, "a second document begins here", hint)
            self._roots.append(node)
            return
        self._sizes[-1] += size
        if self._sizes[-1] > _MOST_NODES:
            self._report(TOO_COMPLEX, at, "written out, the repetitions of this file are far too much", stop=True)
        holder = self._open[-1]
        if isinstance(holder, Sequence):
            holder.items.append(node)
        elif isinstance(holder, Mapping):
            self._add_entry(holder, node, at)

    def _add_entry(self, holder: Mapping, node: Node, at: int) -> None:
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = self._key(node, at)
            return
        self._keys[-1] = None
        if key is _NO_KEY:
            return
        first = holder.entries.get(key.text)
        if first is None:
            holder.entries[key.text] = (key, node)
        else:
            line, _ = self._source.place(first[0].start)
            self._report(DUPLICATE_KEY, key.start, f"{quoted(key.text)} stands twice", f"first in line {line}")

    def _key(self, node: Node, at: int) -> Scalar:
        if isinstance(node, Scalar) and node.text:
            return Scalar(node.text, node.style, at, node.end)
        self._report(FOREIGN_YAML, at, "a key must be a word", "a text with `{` or `[` stands in quotes")
        return _NO_KEY

    def _refuse_tag(self, event: Any) -> None:
        if getattr(event, "tag", None):
            hint = "a text that begins with `!` stands in quotes"
            self._report(FOREIGN_YAML, event.start_mark.index, "tags such as `!this` mean nothing here", hint)

    def _report(self, code: Code, offset: int, message: str, hint: str | None = None, *, stop: bool = False) -> None:
        self._problems.append(self._source.problem(code, offset, message, hint))
        if stop:
            raise _TooMuch


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
