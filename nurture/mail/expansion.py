"""Layouts, includes and macros, worked out before anything is compiled: what is left is one flat template.

Jinja would do this at every rendering; but MJML has to see the whole mail to lay it out, and a link that a macro writes
is a link of the mail. So extending, blocks, includes, imports, macros and their calls are carried out on the source,
with Jinja's meaning, and every piece keeps the file and line it was written on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from nurture.mail.imports import Scope, check_macro, read_import
from nurture.mail.macros import Call, Macro, bind, call_in, read_macro
from nurture.mail.pieces import Piece, Place, constant, cut, file_of
from nurture.mail.refusals import STRICT, Refusals
from nurture.mail.sections import block_name, is_call_of, replaced, sections, with_super
from nurture.workspace import TemplateFile

_DEEPEST = 20
_REFUSED = {
    "extends": "{% extends %} stands first in a file",
    "filter": "{% filter %} is not for mails; put the filter into the expression: {{ value | filter }}",
    "autoescape": "a mail's values are always escaped; {% autoescape %} cannot change that",
}

Blocks = Mapping[str, list[Piece]]


class Expansion:
    """Works out one template with its partials."""

    def __init__(self, partials: Mapping[str, TemplateFile], refusals: Refusals = STRICT) -> None:
        """`partials` are found by the path that an author writes, with its ending, or by their name without it."""
        self._refusals = refusals
        self._partials = dict(partials)
        for partial in partials.values():
            self._partials.setdefault(f"{partial.name}.{partial.kind}", partial)
            self._partials.setdefault(partial.name, partial)
        self._imported: dict[str, Scope] = {}
        self._shown: set[str] = set()
        self._depth = 0
        self.used: set[str] = set()
        """The files that were put in, by their paths."""

    def expand(self, pieces: Sequence[Piece], blocks: Blocks | None = None) -> list[Piece]:
        """Give the flat row of pieces. `blocks` fills the blocks of that name.

        Raises:
            TemplateError: A partial, block or macro is not there, or is used wrongly.
        """
        filled = blocks or {}
        first = next((n for n, piece in enumerate(pieces) if piece.kind != "text" or piece.text.strip()), None)
        if first is not None and pieces[first].word == "extends":
            return self._extend(pieces[first], pieces[first + 1 :], filled)
        return self._walk(pieces, Scope(), filled)

    def into(self, layout: TemplateFile, body: Sequence[Piece], place: Place) -> list[Piece]:
        """Put pieces that are already expanded into a layout's block: its only one, or the one named `content`."""
        source = cut(layout.text, Place(file_of(layout), 1))
        names = [block_name(piece) for piece in source if piece.word == "block"]
        if "content" not in names and len(names) != 1:
            raise place.error(
                f"`{file_of(layout)}` has to have one block, or one named `content`, to put this mail into",
                topic="part",
            )
        return self._file(layout, place, {"content" if "content" in names else names[0]: list(body)})

    def partial(self, name: str, place: Place) -> TemplateFile:
        """Find a file by the path that an author wrote."""
        if name in self._partials:
            self.used.add(file_of(self._partials[name]))
            return self._partials[name]
        near = get_close_matches(name, self._partials, 1)
        hint = f"did you mean `{near[0]}`?" if near else None
        raise place.error(f"there is no part `{name}` in templates/", hint=hint, topic="part")

    def _extend(self, extends: Piece, rest: Sequence[Piece], blocks: Blocks) -> list[Piece]:
        layout: TemplateFile | None = None
        with self._refusals:
            layout = self._named(extends, extends.text.removeprefix("extends"))
        scope, own = Scope(), dict[str, list[Piece]]()
        where: dict[str, Place] = {}
        stray: Place | None = None
        for piece, inside in sections(rest):
            with self._refusals:
                if piece.word == "block":
                    body = self._walk(inside, scope, blocks)
                    own[block_name(piece)] = with_super(blocks.get(block_name(piece)), body)
                    where[block_name(piece)] = piece.place
                elif "".join(left.text for left in self._one(piece, inside, scope, blocks)).strip():
                    stray = stray or piece.place.after(_blank_before(piece))
        with self._refusals:
            if stray:
                raise stray.error("this stands outside of every {% block %}, so no mail would show it", topic="part")
        if layout is None:
            return _without_layout(own, extends.place)
        pieces = self._file(layout, extends.place, {**blocks, **own})
        for name in sorted(own.keys() - self._shown):
            with self._refusals:
                near = get_close_matches(name, self._shown, 1)
                hint = f"did you mean `{near[0]}`?" if near else None
                raise where[name].error(f"`{file_of(layout)}` has no block `{name}`", hint=hint, topic="part")
        return pieces

    def _walk(self, pieces: Sequence[Piece], scope: Scope, blocks: Blocks) -> list[Piece]:
        left: list[Piece] = []
        for piece, inside in sections(pieces):
            with self._refusals:
                left += self._one(piece, inside, scope, blocks)
        return left

    def _one(self, piece: Piece, inside: Sequence[Piece], scope: Scope, blocks: Blocks) -> list[Piece]:
        if piece.word in _REFUSED:
            raise piece.place.error(_REFUSED[piece.word], topic="part")
        if piece.word in {"endfilter", "endautoescape"}:
            return []  # the end of what was refused
        if piece.word == "block":
            self._shown.add(block_name(piece))
            return with_super(blocks.get(block_name(piece)), self._walk(inside, scope, blocks))
        if piece.word == "macro":
            macro = read_macro(piece, inside, scope)
            scope.macros[macro.name] = macro
            return []
        if piece.word in {"import", "from"}:
            self._import(piece, scope)
            return []
        if piece.word == "include":
            return self._file(self._named(piece, piece.text.removeprefix("include")), piece.place, {})
        return self._calls(piece, inside, scope, blocks)

    def _calls(self, piece: Piece, inside: Sequence[Piece], scope: Scope, blocks: Blocks) -> list[Piece]:
        if piece.word == "call":
            return self._call_block(piece, self._walk(inside, scope, blocks), scope)
        call = call_in(piece.text) if piece.kind == "expression" else None
        macro = scope.find(call.name) if call else None
        if call is None or macro is None:
            if call and scope.misses(call.name):
                return []
            if call:
                check_macro(piece, call, scope)
            return [piece]
        return self._called(macro, call, piece.place, None)

    def _call_block(self, piece: Piece, inside: list[Piece], scope: Scope) -> list[Piece]:
        code = piece.text.removeprefix("call")
        call = call_in(code.strip())
        macro = scope.find(call.name) if call else None
        if call and scope.misses(call.name):
            return inside
        if call is None or macro is None:
            if call:
                check_macro(piece, call, scope)
            raise piece.place.error("{% call %} needs a macro that this file has or imports", topic="part")
        place = piece.place.after("call" + code[: len(code) - len(code.lstrip())])
        return self._called(macro, call, place, inside)

    def _called(self, macro: Macro, call: Call, place: Place, caller: list[Piece] | None) -> list[Piece]:
        home = macro.home if isinstance(macro.home, Scope) else Scope()
        with self._deeper(place):
            body = self._walk(bind(macro, call, place), home, {})
        wants = any(is_call_of("caller", piece) for piece in body)
        if wants != (caller is not None):
            how = f"{{% call {call.name}(…) %}} … {{% endcall %}}" if wants else f"{{{{ {call.name}(…) }}}}"
            raise place.error(f"`{macro.name}` is used as {how}", topic="part")
        return replaced(body, "caller", caller or [])

    def _import(self, piece: Piece, scope: Scope) -> None:
        asked = read_import(piece)
        scope.missing.update(asked.names())
        source = self._named(piece, asked.file)
        scope.take(asked, file_of(source), self._macros(source, piece.place))

    def _macros(self, source: TemplateFile, place: Place) -> Mapping[str, Macro]:
        file = file_of(source)
        if file not in self._imported:
            self._imported[file] = scope = Scope()
            with self._deeper(place):
                self._walk(cut(source.text, Place(file, 1)), scope, {})
        return self._imported[file].macros

    def _named(self, piece: Piece, code: str) -> TemplateFile:
        name = constant(code.strip()) if code.strip() else None
        if not isinstance(name, str):
            what = f'{{% {piece.word} %}} takes one file\'s name: {{% {piece.word} "_part.mjml" %}}'
            raise piece.place.error(what, topic="part")
        return self.partial(name, piece.place.after(piece.text[: piece.text.rfind(name)]))

    def _file(self, source: TemplateFile, place: Place, blocks: Blocks) -> list[Piece]:
        with self._deeper(place):
            return self.expand(cut(source.text, Place(file_of(source), 1)), blocks)

    @contextmanager
    def _deeper(self, place: Place) -> Iterator[None]:
        if self._depth >= _DEEPEST:
            what = f"this includes or calls itself, or is nested more than {_DEEPEST} deep"
            raise place.error(what, topic="part")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1


def _without_layout(blocks: Blocks, place: Place) -> list[Piece]:
    """Stand in for a layout that is not there, so that the rest of a mail can be checked."""
    is_mjml = not place.file.endswith(".html")
    around = ('<mjml lang="en"><mj-body><mj-section><mj-column>', "</mj-column></mj-section></mj-body></mjml>")
    inside = [piece for block in blocks.values() for piece in block]
    start, end = around if is_mjml else ("", "")
    return [Piece("text", start, place), *inside, Piece("text", end, place)]


def _blank_before(piece: Piece) -> str:
    return piece.text[: len(piece.text) - len(piece.text.lstrip())]
