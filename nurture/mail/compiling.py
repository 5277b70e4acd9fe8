"""Makes a template ready: once per version of its files, so that a mail is nothing but slots to fill.

    front matter → layouts, includes, macros → shield the Jinja → frame, links, checks → MJML or CSS inlining
        → the Jinja back again → quoted-printable

The text part leaves this road before MJML turns the mail into tables.
"""

from collections.abc import Collection, Mapping
from hashlib import sha256

from nurture.mail import html, mjml
from nurture.mail.draft import Draft, Shelf, restore
from nurture.mail.environment import HTML, SUBJECTS, TEXT
from nurture.mail.expansion import Expansion
from nurture.mail.frame import Syntax, completed, in_layout, shipped, with_tail
from nurture.mail.front_matter import FrontMatter, read_front_matter
from nurture.mail.markdown import from_markdown
from nurture.mail.pieces import Piece, Place, cut, file_of
from nurture.mail.slots import LinkSlots
from nurture.mail.template import CompiledTemplate, Part, compile_part
from nurture.mail.text_part import text_of
from nurture.workspace import TemplateFile

_REQUIRED = ("company.address", "unsubscribe_url")


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
    path = file_of(file)
    front = read_front_matter(file.text, path)
    known = None if attributes is None else frozenset(attributes)
    expansion = Expansion({**shipped(), **partials})
    pieces = expansion.expand(cut(front.body, path, front.first_line))
    shelf = Shelf(
        [
            file.text,
            *(piece.text for piece in pieces),
            *(part.text for part in shipped().values()),
            *(part.text for part in partials.values()),
        ]
    )
    syntax: Syntax = "html" if file.kind == "html" else "mjml"
    framed = _framed(file, front, pieces, expansion, shelf)
    draft = completed(Draft.of(framed, shelf), syntax, front, expansion)
    links = LinkSlots()
    made, text_draft = _made(draft, syntax, links, path)
    subject = cut(front.subject.text, path, front.subject.place.line)
    parts = (
        compile_part(SUBJECTS, restore(Draft.of(subject, shelf).text, shelf, front.subject.place), known),
        compile_part(TEXT, restore(text_of(text_draft), shelf, Place(path, 1)), known),
        compile_part(HTML, restore(with_tail(made, shelf, path) + "\n", shelf, Place(path, 1)), known),
    )
    _check_footer(parts, path)
    return CompiledTemplate(
        file.name,
        path,
        *parts,
        links=tuple(links.urls),
        names=frozenset().union(*(part.used.names for part in parts)),
        answers=frozenset().union(*(part.used.answers for part in parts)),
        boundary=f"=_{sha256(file.text.encode()).hexdigest()[:24]}",
    )


def _framed(
    file: TemplateFile, front: FrontMatter, pieces: list[Piece], expansion: Expansion, shelf: Shelf
) -> list[Piece]:
    """Give the whole document: as the author wrote it, or in the layout."""
    whole = any(piece.kind == "text" and "<mjml" in piece.text.lower() for piece in pieces)
    if whole or (file.kind == "html" and not front.layout):
        if front.layout:
            raise front.layout.place.error("this mail is a whole document already; `layout` is for those that are not")
        return pieces
    is_markdown = file.kind == "md"
    if is_markdown:
        pieces = from_markdown(pieces, shelf, Place(file_of(file), front.first_line))
    return in_layout(expansion, front, pieces, is_markdown=is_markdown)


def _made(draft: Draft, syntax: Syntax, links: LinkSlots, path: str) -> tuple[str, Draft]:
    if syntax == "mjml":
        prepared = mjml.prepare(draft, links)
        return mjml.compile_mjml(prepared), prepared
    prepared = html.prepare(draft, links)
    return html.compile_html(prepared), prepared


def _check_footer(parts: tuple[Part, Part, Part], path: str) -> None:
    for part in parts[1:]:
        for name in _REQUIRED:
            if name not in part.used.names:
                raise Place(path, 1).error(f"every mail needs {{{{ {name} }}}}; the footer in use does not show it")
