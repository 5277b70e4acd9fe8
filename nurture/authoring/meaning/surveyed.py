"""What a survey leaves with a lead, and what conditions ask of it: an answer becomes the attribute of that name."""

from collections.abc import Iterable, Iterator

from nurture.authoring.meaning.answers import Offered, why_never_given
from nurture.authoring.meaning.compared import compared, literal_at
from nurture.authoring.meaning.telling import warning
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.fields import LEAD
from nurture.grammar.matchers import same_name
from nurture.grammar.mistakes import quoted
from nurture.grammar.tree import Field
from nurture.workspace.advice import field_meant
from nurture.workspace.codes import NEVER_ASKED, PROBABLE_TYPO
from nurture.workspace.document import Document, Path
from nurture.workspace.slips import is_slip

_SHORTEST = 4
"""Letters of a question's name; one slip makes too many other words of a shorter one."""


def attributes_never_answered(
    conditions: Iterable[tuple[Path, Condition]], document: Document, said: Offered
) -> Iterator[Problem]:
    """Attributes that are nearly a survey's question, and values that no survey of that question offers.

    A value may come from a column of an import as well, and an attribute may be the author's own: so these are
    warnings.
    """
    for path, condition in conditions:
        for name in condition.names:
            meant = _question_meant(name, said)
            if meant:
                message = f"{quoted(name)} is taken for an attribute of the lead; no survey asks it"
                hint = f"did you mean `lead.{meant}`?"
                yield warning(document, path, PROBABLE_TYPO, message, hint, within=name.at)
        for name, literal in compared(condition.tree):
            text = literal.value
            if not isinstance(text, str) or not _is_question(name, said):
                continue
            wrong = why_never_given(name.path[0], text, said)
            if wrong:
                yield warning(document, path, NEVER_ASKED, *wrong, within=literal_at(condition, name, text))


def _is_question(name: Field, said: Offered) -> bool:
    """Whether an attribute is what a survey asks; a fixed field of that name hides the answer."""
    alone = name.scope == "lead" and len(name.path) == 1 and name.path[0] not in LEAD
    return alone and name.path[0] in said.questions.values()


def _question_meant(name: Field, said: Offered) -> str | None:
    """The question that was probably meant by a name that is none, nor nearly a fixed field of a lead."""
    word = name.path[0]
    if name.scope != "lead" or len(name.path) > 1 or word in LEAD or _is_question(name, said) or field_meant(word):
        return None
    near = (
        question
        for question in said.questions.values()
        if len(question) >= _SHORTEST and (is_slip(word, question) or same_name(word) == same_name(question))
    )
    return next(near, None)
