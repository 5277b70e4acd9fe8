"""Macros that one file takes from another, and what it calls them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from nurture.mail.macros import Call, Macro
from nurture.mail.pieces import Piece

_IMPORT = re.compile(r"import\s+(?P<file>.+?)\s+as\s+(?P<nickname>\w+)(\s+with(out)?\s+context)?")
_FROM = re.compile(r"from\s+(?P<file>.+?)\s+import\s+(?P<names>.+?)(\s+with(out)?\s+context)?")
_NAMED = re.compile(r"\s*(?P<name>\w+)(\s+as\s+(?P<nickname>\w+))?\s*")


@dataclass(frozen=True, slots=True)
class Import:
    """`{% import file as nickname %}`, or `{% from file import words %}`; `file` is code."""

    piece: Piece
    file: str
    nickname: str = ""
    words: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Give the names that it makes known."""
        return [self.nickname] if self.nickname else [word.split()[-1] for word in self.words if word]


@dataclass(slots=True)
class Scope:
    """What one file calls its macros: its own and those it took from others, and others' by the file's nickname.

    `missing` are the names of an import that failed, so that a check does not call their use a mistake, too.
    """

    macros: dict[str, Macro] = field(default_factory=dict)
    files: dict[str, Mapping[str, Macro]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def find(self, name: str) -> Macro | None:
        """Find the macro that `name` or `file.name` means here."""
        file, dot, macro = name.rpartition(".")
        return self.files.get(file, {}).get(macro) if dot else self.macros.get(name)

    def misses(self, name: str) -> bool:
        """Tell whether a name should have come with an import that failed."""
        return not self.missing.isdisjoint((name, name.partition(".")[0]))

    def take(self, asked: Import, source: str, macros: Mapping[str, Macro]) -> None:
        """Take what an import asks for from a file's macros.

        Raises:
            TemplateError: The file has no such macro.
        """
        if asked.nickname:
            self.files[asked.nickname] = macros
            self.missing.discard(asked.nickname)
            return
        for word in asked.words:
            named = _NAMED.fullmatch(word)
            if named is None or named["name"] not in macros:
                allowed = ", ".join(macros) or "none"
                what = f"`{source}` has no macro `{word}`; it has: {allowed}"
                place = asked.piece.place.after(asked.piece.text[: asked.piece.text.rfind(word)])
                raise place.error(what, topic="part")
            nickname = named["nickname"] or named["name"]
            self.macros[nickname] = macros[named["name"]]
            self.missing.discard(nickname)


def read_import(piece: Piece) -> Import:
    """Read an import.

    Raises:
        TemplateError: It is not written as one.
    """
    if whole := _IMPORT.fullmatch(piece.text):
        return Import(piece, whole["file"], nickname=whole["nickname"])
    some = _FROM.fullmatch(piece.text)
    if some is None:
        raise piece.place.error('an import is written {% import "_parts.mjml" as parts %}', topic="part")
    return Import(piece, some["file"], words=tuple(word.strip() for word in some["names"].split(",")))


def check_macro(piece: Piece, call: Call, scope: Scope) -> None:
    """Refuse a macro that an imported file does not have."""
    file, _, name = call.name.rpartition(".")
    macros = scope.files.get(file)
    if macros is not None and name not in macros:
        near = get_close_matches(name, macros, 1)
        hint = f"did you mean `{file}.{near[0]}`?" if near else f"it has: {', '.join(macros) or 'none'}"
        place = piece.place.after(piece.text[: piece.text.find(call.name)])
        raise place.error(f"`{file}` has no macro `{name}`", hint=hint, topic="part")
