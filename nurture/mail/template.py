"""A template as it is after compiling: slots to fill, and what is known of it."""

import re
from dataclasses import dataclass
from types import TracebackType

from jinja2 import Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from nurture.errors import TemplateError
from nurture.mail.draft import JinjaSource
from nurture.mail.environment import TemplateEnvironment
from nurture.mail.names import Used, check_names
from nurture.mail.pieces import in_our_words
from nurture.mail.refusals import STRICT, Refusals

_FILENAME = "<mail>"
_EMPTY_FIELD = re.compile(r"[\w.]+(?= is empty here)")


@dataclass(frozen=True, slots=True)
class Part:
    """One of a mail's texts: its subject, its HTML, its plain text."""

    template: Template
    source: JinjaSource
    used: Used

    def fill(self, values: dict[str, object]) -> str:
        """Give the text for one lead.

        Raises:
            TemplateError: A name without a value is written into the mail, or an expression fails, with its own line.
        """
        try:
            return "".join(self.template.root_render_func(self.template.new_context(values, shared=True)))
        except TemplateError:
            raise
        except Exception as error:
            raise self._located(error) from None

    def _located(self, error: Exception) -> TemplateError:
        line = _line_in(error.__traceback__)
        empty = _EMPTY_FIELD.match(str(error))
        place = self.source.place(self.template.get_corresponding_lineno(line), empty[0] if empty else "")
        known = isinstance(error, (UndefinedError, SecurityError, TypeError, ValueError))
        return place.error(str(error) if known else f"this cannot be worked out: {error}")


def compile_part(
    environment: TemplateEnvironment,
    source: JinjaSource,
    attributes: frozenset[str] | None,
    refusals: Refusals = STRICT,
) -> Part:
    """Parse, check and compile one text.

    Raises:
        TemplateError: It is no Jinja, or uses a name that is not known, at the author's line.
    """
    try:
        tree = environment.parse(source.text)
        used = check_names(tree, source, attributes, refusals)
        # what was refused is never filled; and Jinja would refuse a filter again, without its place
        code = environment.compile(environment.parse("") if refusals.errors else tree, None, _FILENAME)
    except TemplateSyntaxError as error:
        raise source.place(error.lineno).error(in_our_words(error), topic="jinja") from None
    return Part(environment.template_class.from_code(environment, code, {}), source, used)


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template, ready to be filled for any number of leads, from any number of threads.

    Attributes:
        name: Its path below `templates/`, without the ending.
        path: Its file, for messages.
        links: Where link n leads, by its number; None where that depends on the lead. Number 0 is the hidden one.
        names: The names it uses, dotted (`lead.first_name`, `company.address`, `answer_url`).
        answers: The (question, answer) pairs that it offers with `answer_url`, where both are written out.
        boundary: What parts its text from its HTML; quoted-printable cannot contain it.
        utm: Whether its links get `utm_` parameters, where the campaign has nothing against it.
    """

    name: str
    path: str
    subject: Part
    text: Part
    html: Part
    links: tuple[str | None, ...]
    names: frozenset[str]
    answers: frozenset[tuple[str, str]]
    boundary: str
    utm: bool = True


def _line_in(trace: TracebackType | None) -> int:
    """Find the line of the compiled template that an error came through."""
    line = 1
    while trace:
        if trace.tb_frame.f_code.co_filename == _FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
