"""What the rules of a workspace amount to: what can never happen, though every file can be read."""

from collections.abc import Iterator

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.workspace import Reading
from nurture.workspace.document import Document

__all__ = ["agreement_problems", "campaign_problems", "meaning_problems"]


def meaning_problems(reading: Reading) -> Iterator[Problem]:
    """Every problem of what could be read; what could not is not held against the rest."""
    if reading.agreement and reading.agreement_document:
        yield from agreement_problems(reading.agreement, reading.agreement_document)
    for name, campaign in reading.campaigns.items():
        document = reading.documents[name]
        if document:
            yield from campaign_problems(campaign, document, reading.agreement)


def agreement_problems(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """What an agreement promises and can never keep."""
    yield from ()


def campaign_problems(campaign: Campaign, document: Document, agreement: Agreement | None) -> Iterator[Problem]:
    """What a campaign says and can never do, whatever the other campaigns are."""
    yield from ()
