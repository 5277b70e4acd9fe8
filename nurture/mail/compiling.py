"""Makes a template ready: once per version of its files, so that a mail is nothing but slots to fill.

    front matter → layouts, includes, macros → shield the Jinja → frame, links, checks → MJML or CSS inlining
        → the Jinja back again → quoted-printable

The text part leaves this road before MJML turns the mail into tables.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from nurture.errors import TemplateError
from nurture.mail import html, mjml
from nurture.mail.draft import Draft, Shelf, restore
from nurture.mail.environment import HTML, SUBJECTS, TEXT
from nurture.mail.expansion import Expansion
from nurture.mail.frame import Syntax, completed, in_layout, shipped, with_tail
from nurture.mail.front_matter import FrontMatter, read_front_matter
from nurture.mail.markdown import from_markdown
from nurture.mail.pieces import Piece, Place, cut, file_of
from nurture.mail.refusals import STRICT, Refusals
from nurture.mail.slots import LinkSlots
from nurture.mail.template import CompiledTemplate, Part, compile_part
from nurture.mail.text_part import text_of
from nurture.workspace import TemplateFile

_REQUIRED = ("company.address", "unsubscribe_url")


@dataclass(frozen=True, slots=True)
class Framed:
    """A template on the way: a whole document with the frame around it, its Jinja shielded.

    Attributes:
        file: The template.
        front: What it says about itself.
        syntax: The language of the document.
        document: The document, with the author's words and links.
        prepared: The document with slots for its links, fit for MJML or the CSS inliner.
        links: The links, by number.
        parts: The paths of the partials that were put in, the shipped ones among them.
    """

    file: TemplateFile
    front: FrontMatter
    syntax: Syntax
    document: Draft
    prepared: Draft
    links: LinkSlots
    parts: frozenset[str]

    @property
    def path(self) -> str:
        """The template's file, for messages."""
        return file_of(self.file)


def compile_template(
    file: TemplateFile,
    partials: Mapping[str, TemplateFile],
    *,
    attributes: Collection[str] | None = None,
) -> CompiledTemplate:
    """Compile a mail.

    Args:
        file: The template; its `kind` tells MJML, HTML and Markdown apart.
        partials: The files whose name starts with `_`, by any key; authors name them by path and ending.
        attributes: The names of the leads' own fields, where they are known. A template that uses another is refused
            then; without them, only what looks like a known field mistyped is.

    Raises:
        TemplateError: Whatever is wrong with it, at the line of the file where it is wrong.
    """
    return finished(framed(file, partials), attributes)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check learns of a template: every error that could be found, and as much of the mail as there is."""

    errors: list[TemplateError]
    framed: Framed | None
    compiled: CompiledTemplate | None


def examine_template(file: TemplateFile, partials: Mapping[str, TemplateFile]) -> Examined:
    """Compile a mail as `compile_template` does, but go on behind an error. `compiled` is None where there was any."""
    refusals = Refusals(keep=True)
    compiled: CompiledTemplate | None = None
    begun: Framed | None = None
    with refusals:
        begun = framed(file, partials, refusals)
        compiled = finished(begun, None, refusals)
    return Examined(refusals.errors, begun, None if refusals.errors else compiled)


def framed(file: TemplateFile, partials: Mapping[str, TemplateFile], refusals: Refusals = STRICT) -> Framed:
    """Read a template with its partials, put the frame around it, and number its links.

    Raises:
        TemplateError: Whatever is wrong with its parts, its elements or its links.
    """
    path = file_of(file)
    front = read_front_matter(file.text, path, refusals)
    expansion = Expansion({**shipped(), **partials}, refusals)
    pieces = expansion.expand(cut(front.body, Place(path, front.first_line)))
    shelf = Shelf(
        [
            file.text,
            *(piece.text for piece in pieces),
            *(part.text for part in shipped().values()),
            *(part.text for part in partials.values()),
        ]
    )
    syntax: Syntax = "html" if file.kind == "html" else "mjml"
    whole = Draft.of(_whole(file, front, pieces, expansion, shelf, refusals), shelf)
    document = completed(whole, syntax, front, expansion, refusals)
    links = LinkSlots()
    prepare = mjml.prepare if syntax == "mjml" else html.prepare
    prepared = prepare(document, links, refusals)
    return Framed(file, front, syntax, document, prepared, links, frozenset(expansion.used))


def finished(
    framed: Framed, attributes: Collection[str] | None = None, refusals: Refusals = STRICT
) -> CompiledTemplate:
    """Compile what was framed. Where something was refused before, only the names are still checked.

    Raises:
        TemplateError: MJML refuses it, or it uses a name that is not known.
    """
    path, front, shelf = framed.path, framed.front, framed.prepared.shelf
    known = None if attributes is None else frozenset(attributes)
    subject = Draft.of(cut(front.subject.text, front.subject.place), shelf)
    made = _made(framed, refusals)
    start = Place(path, 1)
    parts = (
        compile_part(SUBJECTS, restore(subject.text, shelf, front.subject.place), known, refusals),
        compile_part(TEXT, restore(text_of(framed.prepared), shelf, start), known, refusals),
        compile_part(HTML, restore(with_tail(made, shelf, path) + "\n", shelf, start), known, refusals),
    )
    _check_footer(framed, parts)
    return CompiledTemplate(
        framed.file.name,
        path,
        *parts,
        links=tuple(framed.links.urls),
        names=frozenset().union(*(part.used.names for part in parts)),
        answers=frozenset().union(*(part.used.answers for part in parts)),
        boundary=f"=_{sha256(framed.file.text.encode()).hexdigest()[:24]}",
    )


def _whole(
    file: TemplateFile,
    front: FrontMatter,
    pieces: list[Piece],
    expansion: Expansion,
    shelf: Shelf,
    refusals: Refusals,
) -> list[Piece]:
    """Give the whole document: as the author wrote it, or in the layout."""
    whole = any(piece.kind == "text" and "<mjml" in piece.text.lower() for piece in pieces)
    if whole or (file.kind == "html" and not front.layout):
        if front.layout:
            with refusals:
                what = "this mail is a whole document already; `layout` is for those that are not"
                raise front.layout.place.error(what, topic="part")
        return pieces
    is_markdown = file.kind == "md"
    if is_markdown:
        pieces = from_markdown(pieces, shelf, Place(file_of(file), front.first_line))
    return in_layout(expansion, front, pieces, is_markdown=is_markdown, refusals=refusals)


def _made(framed: Framed, refusals: Refusals) -> str:
    """Give the HTML, words and all; the prepared document itself where something in it was refused."""
    if not refusals.errors:
        compile_document = mjml.compile_mjml if framed.syntax == "mjml" else html.compile_html
        with refusals:
            return compile_document(framed.prepared)
    return framed.prepared.text


def _check_footer(framed: Framed, parts: tuple[Part, Part, Part]) -> None:
    footer = f"templates/_footer.{framed.syntax}"
    place = Place(footer if footer in framed.parts else framed.path, 1)
    for part in parts[1:]:
        for name in _REQUIRED:
            if name not in part.used.names:
                what = f"every mail needs {{{{ {name} }}}}; the footer in use does not show it"
                raise place.error(what, topic="footer")
