"""What the agreement calls topics, questions and answers that nobody knows: probably misspelt."""

from collections.abc import Iterator, Mapping

from nurture.agreement import Agreement
from nurture.authoring.meaning.answers import Offered, why_never_given
from nurture.authoring.meaning.telling import warning
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.workspace.codes import NEVER_ASKED, NO_EFFECT
from nurture.workspace.document import Document


def topics_of_nothing(agreement: Agreement, document: Document, campaigns: Mapping[str, Campaign]) -> Iterator[Problem]:
    """Words for a topic that no campaign has."""
    there = sorted({campaign.topic for campaign in campaigns.values() if campaign.topic})
    for topic in agreement.topics:
        if topic not in there:
            message = f"no campaign has the topic {quoted(topic)}"
            hint = did_you_mean(topic, there) or (f"there {_are(there)} {one_of(there)}" if there else None)
            yield warning(document, ("topics", topic), NO_EFFECT, message, hint, at_key=True)


def questions_of_nobody(agreement: Agreement, document: Document, said: Offered) -> Iterator[Problem]:
    """Words for a question that no survey asks, or for an answer that none offers."""
    for name, question in agreement.questions.items():
        wrong = why_never_given(name, None, said)
        if wrong:
            yield warning(document, ("questions", name), NEVER_ASKED, *wrong, at_key=True)
            continue
        for answer in question.answers:
            wrong = why_never_given(name, answer, said)
            if wrong:
                path = ("questions", name, "answers", answer)
                yield warning(document, path, NEVER_ASKED, *wrong, at_key=True)


def _are(topics: list[str]) -> str:
    return "is" if len(topics) == 1 else "are"
