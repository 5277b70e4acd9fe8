"""Makes a template ready: once per version of its files, so that a mail is nothing but slots to fill.

    front matter → layouts, includes, macros → shield the Jinja → frame, links, checks → MJML or CSS inlining
        → the Jinja back again → quoted-printable

The text part leaves this road before MJML turns the mail into tables.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from nurture.errors import TemplateError
from nurture.mail import html, mjml
from nurture.mail.draft import Draft, Shelf, restore
from nurture.mail.environment import HTML, SUBJECTS, TEXT
from nurture.mail.expansion import Expansion
from nurture.mail.frame import Syntax, completed, in_layout, shipped, with_tail
from nurture.mail.front_matter import FrontMatter, Line, read_front_matter
from nurture.mail.markdown import from_markdown
from nurture.mail.nesting import Met, Slot, is_whole, walk
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
        items: Its tags, texts and pieces of Jinja, in order.
        prepared: The document with slots for its links, fit for MJML or the CSS inliner.
        links: The links, by number.
        parts: The paths of the partials that were put in, the shipped ones among them.
    """

    file: TemplateFile
    front: FrontMatter
    syntax: Syntax
    document: Draft
    items: Sequence[Met | Slot]
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


def compile_subject(line: Line) -> Part:
    """Compile a subject alone, for lists of mails.

    Raises:
        TemplateError: It is no Jinja, or uses a name that is not known, at its line.
    """
    return _subject_part(line, Shelf([line.text]), None, STRICT)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check learns of a template: every error that could be found, and as much of the mail as there is.

    The text is not compiled: it is made of the same pieces as the HTML.
    """

    errors: list[TemplateError]
    framed: Framed | None
    subject: Part | None
    html: Part | None


def examine_template(file: TemplateFile, partials: Mapping[str, TemplateFile]) -> Examined:
    """Compile a mail as `compile_template` does, but go on behind an error."""
    refusals = Refusals(keep=True)
    begun: Framed | None = None
    subject: Part | None = None
    html: Part | None = None
    with refusals:
        begun = framed(file, partials, refusals)
        subject = _subject(begun, None, refusals)
        if any(error.topic == "depth" for error in refusals.errors):
            return Examined(refusals.errors, begun, subject, None)
        html = _html(begun, None, refusals)
        text = text_of(begun.prepared)
        if not is_whole(part for part in begun.prepared.shelf.parts(text) if isinstance(part, Piece)):
            _text(begun, text, None, refusals)
        if begun.syntax == "html" or "<mj-body" in begun.document.text:
            _check_footer(begun, html.used.names, _names_in(begun, text))
    return Examined(refusals.errors, begun, subject, html)


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
    items = list(walk(document, strict=syntax == "mjml", refusals=refusals))
    prepared = prepare(document, items, links, refusals)
    return Framed(file, front, syntax, document, items, prepared, links, frozenset(expansion.used))


def finished(framed: Framed, attributes: Collection[str] | None = None) -> CompiledTemplate:
    """Compile what was framed.

    Raises:
        TemplateError: MJML refuses it, or it uses a name that is not known.
    """
    known = None if attributes is None else frozenset(attributes)
    subject = _subject(framed, known, STRICT)
    html = _html(framed, known, STRICT)
    text = _text(framed, text_of(framed.prepared), known, STRICT)
    _check_footer(framed, text.used.names, html.used.names)
    return CompiledTemplate(
        framed.file.name,
        framed.path,
        subject,
        text,
        html,
        links=tuple(framed.links.urls),
        names=subject.used.names | text.used.names | html.used.names,
        answers=subject.used.answers | text.used.answers | html.used.answers,
        boundary=f"=_{sha256(framed.file.text.encode()).hexdigest()[:24]}",
        utm=framed.front.utm,
    )


def _subject(framed: Framed, known: frozenset[str] | None, refusals: Refusals) -> Part:
    return _subject_part(framed.front.subject, framed.prepared.shelf, known, refusals)


def _subject_part(line: Line, shelf: Shelf, known: frozenset[str] | None, refusals: Refusals) -> Part:
    draft = Draft.of(cut(line.text, line.place), shelf)
    return compile_part(SUBJECTS, restore(draft.text, shelf, line.place), known, refusals)


def _text(framed: Framed, text: str, known: frozenset[str] | None, refusals: Refusals) -> Part:
    return compile_part(TEXT, restore(text, framed.prepared.shelf, Place(framed.path, 1)), known, refusals)


def _html(framed: Framed, known: frozenset[str] | None, refusals: Refusals) -> Part:
    shelf = framed.prepared.shelf
    whole = with_tail(_made(framed, refusals), shelf, framed.path)
    return compile_part(HTML, restore(whole + "\n", shelf, Place(framed.path, 1)), known, refusals)


def _names_in(framed: Framed, text: str) -> list[str]:
    code = " ".join(part.text for part in framed.prepared.shelf.parts(text) if isinstance(part, Piece))
    return [name for name in _REQUIRED if name in code]


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


def _check_footer(framed: Framed, *shown: Collection[str]) -> None:
    footer = f"templates/_footer.{framed.syntax}"
    place = Place(footer if footer in framed.parts else framed.path, 1)
    for names in shown:
        for name in _REQUIRED:
            if name not in names:
                what = f"every mail needs {{{{ {name} }}}}; the footer in use does not show it"
                raise place.error(what, topic="footer")
