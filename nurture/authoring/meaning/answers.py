"""Answers that signals and conditions wait for, held against those that the surveys offer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nurture.agreement import Agreement
from nurture.authoring.meaning.telling import warning
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.matchers import same_name
from nurture.grammar.mistakes import did_you_mean, nearest, one_of, quoted
from nurture.workspace import Templates
from nurture.workspace.codes import NEVER_ASKED, PROBABLE_TYPO
from nurture.workspace.document import Document, Path
from nurture.workspace.references import conditions_of

_CALL = re.compile(r"answer_url\s*\(")
_WRITTEN_OUT = re.compile(r"""answer_url\s*\(\s*(["'])(?P<question>[^"']*)\1\s*,\s*(["'])(?P<answer>[^"']*)\3\s*\)""")


@dataclass(frozen=True, slots=True)
class Offered:
    """What surveys ask, and the answers that they offer, each as names are compared and as it was written."""

    answers: Mapping[str, Mapping[str, str]]
    questions: Mapping[str, str]


def offered(templates: Templates) -> Offered | None:
    """Every question and answer of every template; None where some are not written out, so that nobody can tell."""
    answers: dict[str, dict[str, str]] = {}
    questions: dict[str, str] = {}
    for template in (*templates.whole.values(), *templates.partials.values()):
        found = list(_WRITTEN_OUT.finditer(template.text))
        if len(found) != len(_CALL.findall(template.text)):
            return None
        for call in found:
            question, answer = call["question"], call["answer"]
            questions.setdefault(same_name(question), question)
            answers.setdefault(same_name(question), {}).setdefault(same_name(answer), answer)
    return Offered(answers, questions)


def signals_never_answered(agreement: Agreement, document: Document, said: Offered) -> Iterator[Problem]:
    """Signals for answers that no survey offers."""
    for name, signal in agreement.signals.items():
        matcher = signal.when
        if matcher.kind == "answer" and matcher.pattern is not None:
            path = ("signals", name, "when", "answer")
            wrong = why_never_given(matcher.pattern, matcher.answer, said)
            if wrong:
                yield warning(document, path, NEVER_ASKED, *wrong)


def questions_never_asked(
    conditions: Iterable[tuple[Path, Condition]], document: Document, said: Offered
) -> Iterator[Problem]:
    """Conditions that ask whether a lead answered what no survey asks."""
    for path, condition in conditions:
        for question in condition.questions:
            wrong = why_never_given(question.argument, None, said) if question.function == "answered" else None
            if wrong:
                yield warning(document, path, NEVER_ASKED, *wrong, within=question.at)


def conditions_of_agreement(agreement: Agreement) -> Iterator[tuple[Path, Condition]]:
    """Every condition of the agreement, with its path in the file."""
    for index, criterion in enumerate(agreement.fit):
        yield ("fit", index, "when"), criterion.when
    for name, signal in agreement.signals.items():
        if signal.when.condition:
            yield ("signals", name, "when", "if"), signal.when.condition
    for index, assignment in enumerate(agreement.assign):
        if assignment.when:
            yield ("assign", index, "when"), assignment.when


def misspelt_tracks(campaign: Campaign, document: Document, agreement: Agreement) -> Iterator[Problem]:
    """`did('Webinar Atended')`, where a signal counts `Webinar Attended`."""
    tracks = {
        same_name(signal.when.pattern): signal.when.pattern
        for signal in agreement.signals.values()
        if signal.when.kind == "track" and signal.when.pattern
    }
    for path, condition in conditions_of(campaign):
        for question in condition.questions:
            name = same_name(question.argument)
            if question.function != "did" or name in tracks:
                continue
            meant = nearest(name, tracks)
            if meant and _is_slip(name, meant):
                message = f"{quoted(question)}: no signal counts an event of this name"
                hint = f"did you mean `{tracks[meant]}`?"
                yield warning(document, path, PROBABLE_TYPO, message, hint, within=question.at)


def why_never_given(question: str, answer: str | None, said: Offered) -> tuple[str, str | None] | None:
    """Why no survey gets this answer, or any where it is None, and a hint; None where one does."""
    asked = same_name(question)
    if asked not in said.questions:
        hint = did_you_mean(question, said.questions.values())
        return f"no survey asks {quoted(question)}", hint or "a survey asks it with `answer_url('question', 'answer')`"
    answers = said.answers[asked]
    if answer is None or same_name(answer) in answers:
        return None
    hint = did_you_mean(answer, answers.values()) or f"it offers {one_of(sorted(answers.values()))}"
    return f"no survey that asks {quoted(question)} offers the answer {quoted(answer)}", hint


def _is_slip(one: str, other: str) -> bool:
    """Whether at most two letters are missing, too many or others."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, opposite in enumerate(other, 1):
            here.append(min(before[column] + 1, here[-1] + 1, before[column - 1] + (letter != opposite)))
        before = here
    return before[-1] <= 2
