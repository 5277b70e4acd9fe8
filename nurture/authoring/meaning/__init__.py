"""What the rules of a workspace amount to: what can never happen, though every file can be read.

An error here is proved, from the rules that production follows (`nurture.rules`); what is only likely is a warning.
"""

from collections.abc import Iterator

from nurture.agreement import Agreement
from nurture.authoring.meaning import (
    answers,
    assigned,
    entering,
    grades,
    labels,
    lines,
    pace,
    scores,
    steps,
    successors,
    surveyed,
    tracked,
)
from nurture.authoring.meaning.circumstances import anywhere
from nurture.authoring.meaning.conditions import senseless
from nurture.authoring.meaning.facts import Given
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.workspace import Reading
from nurture.workspace.document import Document
from nurture.workspace.references import conditions_of

__all__ = ["agreement_problems", "campaign_problems", "meaning_problems"]


def meaning_problems(reading: Reading) -> Iterator[Problem]:
    """Every problem of what could be read; what could not is not held against the rest."""
    agreement, document = reading.agreement, reading.agreement_document
    given = anywhere(agreement)
    read = {name: one for name, one in reading.documents.items() if one and name in reading.campaigns}
    if agreement and document:
        yield from agreement_problems(agreement, document)
    for name, one in read.items():
        yield from campaign_problems(reading.campaigns[name], one, agreement, given)
    yield from successors.closed_successors(reading.campaigns, read, given)
    yield from entering.same_priorities(reading.campaigns, read)
    if len(read) == len(reading.documents):
        yield from successors.circles(reading.campaigns, read)
        yield from entering.only_by_hand(reading.campaigns, read)
        if agreement and document:
            yield from entering.reasons_for_customers(agreement, document, reading.campaigns)
            yield from labels.topics_of_nothing(agreement, document, reading.campaigns)
    yield from _unanswered(reading, read)


def agreement_problems(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """What an agreement promises and can never keep, and what in it changes nothing."""
    given = anywhere(agreement)
    for path, condition in answers.conditions_of_agreement(agreement):
        yield from senseless(document, path, condition, given)
    yield from grades.unreachable_grades(agreement, document)
    yield from scores.unreachable_scores(agreement, document)
    yield from scores.idle_settings(agreement, document)
    yield from assigned.unreached_lines(agreement, document, given)
    yield from assigned.leads_of_nobody(agreement, document, given)
    yield from assigned.reps_of_no_line(agreement, document)
    yield from assigned.odd_reps(agreement, document)
    yield from lines.covered_qualifications(agreement, document)
    yield from lines.shared_signals(agreement, document)
    yield from lines.doubles_in_agreement(agreement, document)
    yield from pace.idle_limits(agreement, document)


def campaign_problems(
    campaign: Campaign, document: Document, agreement: Agreement | None, given: Given
) -> Iterator[Problem]:
    """What a campaign says and can never do, whatever the others are; `given` by the agreement."""
    for path, condition in conditions_of(campaign):
        yield from senseless(document, path, condition, given)
    yield from entering.closed_doors(campaign, document, given)
    yield from steps.unreachable_steps(campaign, document, given)
    yield from steps.same_mails(campaign, document)
    yield from lines.doubles(document, ("enroll", "reasons"), campaign.enroll.reasons)
    yield from lines.doubles(document, ("enroll", "stages"), campaign.enroll.stages)
    yield from pace.short_hours(campaign, document)
    yield from pace.idle_pace(campaign, document)
    yield from tracked.unseen_clicks(campaign, document)
    if agreement:
        yield from pace.hurried_cadence(campaign, document, agreement)
        yield from answers.misspelt_tracks(campaign, document, agreement)


def _unanswered(reading: Reading, read: dict[str, Document]) -> Iterator[Problem]:
    offered = None if reading.templates.problems else answers.offered(reading.templates)
    if offered is None:
        return
    if reading.agreement and reading.agreement_document:
        yield from answers.signals_never_answered(reading.agreement, reading.agreement_document, offered)
        yield from labels.questions_of_nobody(reading.agreement, reading.agreement_document, offered)
        conditions = list(answers.conditions_of_agreement(reading.agreement))
        yield from answers.questions_never_asked(conditions, reading.agreement_document, offered)
        yield from surveyed.attributes_never_answered(conditions, reading.agreement_document, offered)
    for name, document in read.items():
        conditions = list(conditions_of(reading.campaigns[name]))
        yield from answers.questions_never_asked(conditions, document, offered)
        yield from surveyed.attributes_never_answered(conditions, document, offered)
