"""What is probably not meant, and works all the same: warnings."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.fields import LEAD
from nurture.grammar.mistakes import quoted
from nurture.workspace.codes import PROBABLE_TYPO, REASON_NEVER_COMES
from nurture.workspace.document import Document, Path
from nurture.workspace.references import conditions_of
from nurture.workspace.slips import is_slip

_OF_THEIR_OWN = frozenset(
    {"core", "county", "employer", "employers", "list_name", "local", "locals", "locate", "owned"}
)
"""Names that leads may well have of their own, though one letter more or other makes a field of them."""


def agreement_advice(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Names in the agreement's conditions that are nearly those of fixed fields."""
    for index, criterion in enumerate(agreement.fit):
        yield from _typos(document, ("fit", index, "when"), criterion.when)
    for name, signal in agreement.signals.items():
        if signal.when.condition:
            yield from _typos(document, ("signals", name, "when", "if"), signal.when.condition)
    for index, assignment in enumerate(agreement.assign):
        if assignment.when:
            yield from _typos(document, ("assign", index, "when"), assignment.when)


def campaign_advice(campaign: Campaign, document: Document, agreement: Agreement | None) -> Iterator[Problem]:
    """The same of a campaign, and reasons that it takes in vain."""
    for path, condition in conditions_of(campaign):
        yield from _typos(document, path, condition)
    reasons = agreement.reject_reasons if agreement else {}
    for index, reason in enumerate(campaign.enroll.reasons):
        then = reasons[reason].then if reason in reasons else "nurture"
        if then != "nurture":
            message = f"no lead refused as {quoted(reason)} comes here: the agreement says `then: {then}`"
            problem = document.source.problem(
                REASON_NEVER_COMES, document.offset(("enroll", "reasons", index)), message
            )
            yield replace(problem, severity="warning")


def field_meant(name: str) -> str | None:
    """The fixed field of a lead that was probably meant by the name of an attribute."""
    if name in LEAD or name in _OF_THEIR_OWN:
        return None
    return next((field for field in LEAD if is_slip(name, field)), None)


def _typos(document: Document, path: Path, condition: Condition) -> Iterator[Problem]:
    for name in condition.names:
        near = field_meant(name.path[0]) if name.scope == "lead" else None
        if near:
            message = f"{quoted(name)} is taken for an attribute of the lead"
            offset = document.offset(path, within=name.at)
            problem = document.source.problem(PROBABLE_TYPO, offset, message, f"did you mean `lead.{near}`?")
            yield replace(problem, severity="warning")
