"""The mail as it goes out: made for sample leads, weighed, and looked through for what every mail must have."""

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from nurture.agreement import Company
from nurture.authoring.templates.codes import CANNOT_BE_MADE, LARGE, NO_DEFAULT, NO_FOOTER, TOO_LARGE
from nurture.authoring.templates.front import length_problems
from nurture.authoring.templates.samples import LONG, OWN_FIELD, TYPICAL, letterhead, own_fields, sample
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import Problem, TemplateError
from nurture.mail.compiling import Framed
from nurture.mail.draft import Draft, restore
from nurture.mail.environment import SUBJECTS
from nurture.mail.pieces import Place, cut
from nurture.mail.rendering import filled
from nurture.mail.template import Part, compile_part

CLIPPED = 102 * 1024
"""Octets of HTML; Gmail shows no more of a mail (measured by many, never documented by Google)."""
NEARLY_CLIPPED = 90 * 1024
_EMPTY = re.compile(r"lead\.(?:attributes\.)?(?P<field>.+?) is empty here")
_OPERANDS = re.compile(r"unsupported operand type\(s\) for (?P<sign>\S+): '(?P<one>\w+)' and '(?P<other>\w+)'")
_KINDS = {"int": "a number", "float": "a number", "str": "a text", "bool": "yes or no", "list": "a list"}
_MOST_FIELDS = 25


@dataclass(frozen=True, slots=True)
class Sampled:
    """A mail that can be made for made-up leads."""

    framed: Framed
    subject: Part
    html: Part
    company: Company | None

    @property
    def own_fields(self) -> dict[str, object]:
        """The leads' own fields that it names, with something in each."""
        return dict.fromkeys(own_fields(self.subject.used.names | self.html.used.names), OWN_FIELD)

    def made(
        self, fields: Mapping[str, object], own: Mapping[str, object]
    ) -> tuple[dict[str, object], str] | TemplateError:
        """Make it for a lead with these fields; give what it can name, and its HTML."""
        try:
            context = sample(fields, own, self.company)
            values, html = filled(self.subject, self.html, self.framed.links.urls, context)
        except TemplateError as error:
            return error
        return values, quopri.decodestring(html).decode()


def mail_problems(mail: Sampled) -> Iterator[Problem]:
    """Give what is wrong with the mail for some lead or other."""
    yield from _without_default(mail)
    made = mail.made(LONG, mail.own_fields)
    if isinstance(made, TemplateError):
        if not mail.own_fields:
            place = Place(made.template, made.line, made.column)
            told = f"for some leads this mail cannot be made: {_plainly(made.what)}"
            yield warning(CANNOT_BE_MADE, place, told, made.hint)
        return
    yield from _size(mail.framed, made[1])
    typical = mail.made(TYPICAL, mail.own_fields)
    if not isinstance(typical, TemplateError):
        values, front = typical[0], mail.framed.front
        subject = " ".join(str(values["subject"]).split())
        yield from length_problems(subject, front.subject.place, _preheader(mail.framed, values), front.preheader)


def _plainly(what: str) -> str:
    """Say what Python says of two values that do not go together, without its words."""
    found = _OPERANDS.search(what)
    if found is None:
        return what
    one, other = (_KINDS.get(found[kind], "a value of another kind") for kind in ("one", "other"))
    return f"`{found['sign']}` does not go with {one} and {other}"


def _without_default(mail: Sampled) -> Iterator[Problem]:
    """Make the mail for a lead of whom only the address is known, then fill in what it cannot do without."""
    fields: dict[str, object] = {}
    own: dict[str, object] = {}
    for _ in range(_MOST_FIELDS):
        made = mail.made(fields, own)
        if not isinstance(made, TemplateError):
            yield from _footer(mail, made[1])
            return
        found = _EMPTY.match(made.what)
        field = found["field"] if found else ""
        if not field or field in fields or field in own:
            return
        place = Place(made.template, made.line, made.column)
        hint = f"write {{{{ lead.{field} | default('…') }}}}, or put an {{% if lead.{field} %}} around it"
        yield warning(NO_DEFAULT, place, f"no mail goes to a lead whose `{field}` is empty", hint)
        (fields if field in TYPICAL else own)[field] = TYPICAL.get(field, OWN_FIELD)


def _footer(mail: Sampled, html: str) -> Iterator[Problem]:
    sender = letterhead(mail.company)
    needed = (
        (" ".join(sender.address.split()), "postal address", "{{ company.address }}"),
        (f"{sender.base_url}/u/", "unsubscribe link", "{{ unsubscribe_url }}"),
    )
    shown = " ".join(unescape(html).split())
    for wanted, what, code in needed:
        if wanted not in shown:
            told = f"a lead of whom only the address is known gets no {what}"
            yield problem(NO_FOOTER, Place(mail.framed.path, 1), told, f"write {code} outside of every {{% if %}}")


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
    try:
        source = restore(Draft.of(cut(line.text, line.place), shelf).text, shelf, line.place)
        return compile_part(SUBJECTS, source, None).fill(values).strip()
    except TemplateError:
        return ""
