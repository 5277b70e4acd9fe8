"""The mail as it goes out: made for sample leads, weighed, and looked through for what every mail must have."""

import quopri
import re
from collections.abc import Iterator, Mapping
from html import unescape

from nurture.agreement import Company
from nurture.authoring.templates.codes import CANNOT_BE_MADE, LARGE, NO_DEFAULT, NO_FOOTER, TOO_LARGE
from nurture.authoring.templates.front import length_problems
from nurture.authoring.templates.samples import LONG, MADE_AT, OWN_FIELD, TYPICAL, own_fields, sample
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import Problem, TemplateError
from nurture.mail.compiling import Framed
from nurture.mail.draft import Draft, restore
from nurture.mail.environment import SUBJECTS
from nurture.mail.pieces import Place, cut
from nurture.mail.rendering import render, values_of
from nurture.mail.template import CompiledTemplate, compile_part

CLIPPED = 102 * 1024
"""Octets of HTML; Gmail shows no more of a mail (measured by many, never documented by Google)."""
NEARLY_CLIPPED = 90 * 1024
_EMPTY = re.compile(r"lead\.(?:attributes\.)?(?P<field>.+?) is empty here")
_MOST_FIELDS = 25


def mail_problems(framed: Framed, compiled: CompiledTemplate, company: Company | None) -> Iterator[Problem]:
    """Give what is wrong with the mail for some lead or other."""
    own = dict.fromkeys(own_fields(compiled.names), OWN_FIELD)
    yield from _without_default(compiled, own, company)
    mail = _made(compiled, LONG, own, company)
    if isinstance(mail, TemplateError):
        if not own:
            place = Place(mail.template, mail.line, mail.column)
            yield warning(CANNOT_BE_MADE, place, f"for some leads this mail cannot be made: {mail.what}", mail.hint)
        return
    yield from _size(framed, mail[1])
    values = values_of(compiled, sample(TYPICAL, own, company))
    subject = " ".join(compiled.subject.fill(values).split())
    values["subject"] = subject
    yield from length_problems(subject, framed.front.subject.place, _preheader(framed, values), framed.front.preheader)


def _without_default(
    compiled: CompiledTemplate, own: Mapping[str, object], company: Company | None
) -> Iterator[Problem]:
    """Make the mail for a lead of whom only the address is known, then fill in what it cannot do without."""
    fields: dict[str, object] = {}
    known: dict[str, object] = {}
    for _ in range(_MOST_FIELDS):
        made = _made(compiled, fields, known, company)
        if not isinstance(made, TemplateError):
            yield from _footer(compiled, made, company)
            return
        found = _EMPTY.match(made.what)
        field = found["field"] if found else ""
        if not field or field in fields or field in known:
            return
        place = Place(made.template, made.line, made.column)
        hint = f"write {{{{ lead.{field} | default('…') }}}}, or put an {{% if lead.{field} %}} around it"
        yield warning(NO_DEFAULT, place, f"no mail goes to a lead whose `{field}` is empty", hint)
        (fields if field in TYPICAL else known)[field] = TYPICAL.get(field, own.get(field, OWN_FIELD))


def _made(
    compiled: CompiledTemplate, fields: Mapping[str, object], own: Mapping[str, object], company: Company | None
) -> tuple[str, str] | TemplateError:
    """Make the mail; give its text and its HTML."""
    try:
        mail = render(compiled, sample(fields, own, company), MADE_AT)
    except TemplateError as error:
        return error
    text, html = mail.data.split(f"--{compiled.boundary}".encode())[1:3]
    return _decoded(text), _decoded(html)


def _decoded(part: bytes) -> str:
    return quopri.decodestring(part.partition(b"\r\n\r\n")[2]).decode()


def _footer(compiled: CompiledTemplate, made: tuple[str, str], company: Company | None) -> Iterator[Problem]:
    context = sample({}, {}, company)
    needed = (
        (" ".join(context.letterhead.address.split()), "postal address", "{{ company.address }}"),
        (f"{context.letterhead.base_url}/u/", "unsubscribe link", "{{ unsubscribe_url }}"),
    )
    for wanted, what, code in needed:
        if not all(wanted in " ".join(unescape(part).split()) for part in made):
            told = f"a lead of whom only the address is known gets no {what}"
            yield problem(NO_FOOTER, Place(compiled.path, 1), told, f"write {code} outside of every {{% if %}}")


def _size(framed: Framed, html: str) -> Iterator[Problem]:
    size = len(html.encode())
    told = f"for a lead with long names the mail's HTML has {size / 1024:.0f} KB"
    place = Place(framed.path, 1)
    if size > CLIPPED:
        yield problem(
            TOO_LARGE, place, f"{told}; Gmail cuts it off at 102 KB, footer and all", "say less, or link to it"
        )
    elif size > NEARLY_CLIPPED:
        yield warning(LARGE, place, f"{told}; Gmail cuts a mail off at 102 KB", "say less, or link to it")


def _preheader(framed: Framed, values: dict[str, object]) -> str:
    line = framed.front.preheader
    if line is None or "{" not in line.text:
        return line.text if line else ""
    shelf = framed.prepared.shelf
    source = restore(Draft.of(cut(line.text, line.place), shelf).text, shelf, line.place)
    try:
        return compile_part(SUBJECTS, source, None).fill(values).strip()
    except TemplateError:
        return ""
