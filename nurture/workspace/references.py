"""What refers to something in another file, or elsewhere in its own, and is not there.

Read from the documents rather than the models, so that one mistake in a file does not hide the next.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from nurture.agreement import BUILT_IN_REASONS
from nurture.campaign import STATUSES, Campaign, Enroll
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.crm_words import NEED_A_REASON
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.places import IN_CAMPAIGNS
from nurture.workspace.codes import (
    CONDITION_STEP,
    DUPLICATE_STEP,
    REASON_LEADS_NOWHERE,
    REASON_PAUSED,
    UNKNOWN_CAMPAIGN,
    UNKNOWN_REASON,
    UNKNOWN_TEMPLATE,
    Code,
)
from nurture.workspace.document import Document, Path
from nurture.workspace.document import Mapping as Node
from nurture.workspace.shapes import keys_of
from nurture.workspace.templates import Templates

REST = "rest"
"""What `finish.then` says where no campaign follows."""
_TEMPLATES: tuple[tuple[str | None, ...], ...] = (
    ("steps", None, "email"),
    ("steps", None, "survey"),
    ("steps", None, "variants", None),
)


def broken(
    agreement: Document | None, campaigns: Mapping[str, Document | None], templates: Templates
) -> Iterator[Problem]:
    """Everything that names what is not there. What could not be read is not held against the rest."""
    readable = [document for document in campaigns.values() if document]
    for document in readable:
        yield from unknown_templates(document, templates)
        yield from unknown_successors(document, campaigns)
        yield from duplicate_steps(document)
    if not agreement or not agreement.keys("reject_reasons"):
        return
    yield from unknown_reasons_of_crm(agreement)
    unknown = [problem for document in readable for problem in unknown_reasons(document, agreement)]
    yield from unknown
    # While a campaign may be meant to take a reason and does not say so rightly, none is astray.
    if campaigns and not unknown and all(document and _says_whom(document) for document in campaigns.values()):
        yield from stray_reasons(agreement, readable)


def unknown_templates(campaign: Document, templates: Templates) -> Iterator[Problem]:
    """Steps and variants whose template does not exist."""
    unreadable = {problem.file.partition("/")[2].rpartition(".")[0] for problem in templates.problems}
    for pattern in _TEMPLATES:
        for path, name in campaign.texts(*pattern):
            wrong = templates.why_not(name)
            if wrong and name not in unreadable:
                yield _at(campaign, path, UNKNOWN_TEMPLATE, *wrong)


def unknown_reasons(campaign: Document, agreement: Document) -> Iterator[Problem]:
    """Reasons that a campaign takes and the agreement does not have."""
    reasons = reasons_of(agreement)
    for path, reason in campaign.texts("enroll", "reasons", None):
        if reason not in reasons:
            hint = did_you_mean(reason, reasons) or "reasons stand in the agreement, under `reject_reasons`"
            yield _at(campaign, path, UNKNOWN_REASON, f"the agreement has no reason {quoted(reason)}", hint)


def unknown_reasons_of_crm(agreement: Document) -> Iterator[Problem]:
    """Reasons that words of a CRM stand for, and the agreement does not have."""
    reasons = reasons_of(agreement)
    said = [*agreement.texts("crm", None, "reasons", None), *agreement.texts("crm", None, "statuses", None, None)]
    for path, text in said:
        word, _, reason = text.partition(" as ") if path[2] == "statuses" else ("", "", text)
        if reason.strip() and reason.strip() not in reasons and (not word or word.strip() in NEED_A_REASON):
            hint = did_you_mean(reason.strip(), reasons) or "reasons stand under `reject_reasons`"
            message = f"the agreement has no reason {quoted(reason.strip())}"
            yield _at(agreement, path, UNKNOWN_REASON, message, hint)


def unknown_successors(campaign: Document, campaigns: Mapping[str, Document | None]) -> Iterator[Problem]:
    """A `finish.then` that names no campaign."""
    for path, name in campaign.texts("finish", "then"):
        if name != REST and name not in campaigns:
            hint = did_you_mean(name, [*campaigns, REST])
            yield _at(
                campaign, path, UNKNOWN_CAMPAIGN, f"there is no campaign {quoted(name)}, and it is not `{REST}`", hint
            )


def duplicate_steps(campaign: Document) -> Iterator[Problem]:
    """Ids that a step of the same campaign has already."""
    first: dict[str, Path] = {}
    for path, step in campaign.texts("steps", None, "id"):
        if step in first:
            line, _ = campaign.source.place(campaign.offset(first[step]))
            yield _at(
                campaign, path, DUPLICATE_STEP, f"another step is called {quoted(step)} already", f"in line {line}"
            )
        else:
            first[step] = path


def stray_reasons(agreement: Document, campaigns: Iterable[Document]) -> Iterator[Problem]:
    """Reasons whose leads go back to nurture, where no campaign takes them, or only one that is paused.

    Whoever pauses a campaign must not find that nothing loads any more: that is a warning.
    """
    takers: dict[str, list[Document]] = {}
    for document in campaigns:
        for reason in {reason for _, reason in document.texts("enroll", "reasons", None)}:
            takers.setdefault(reason, []).append(document)
    for reason, path in _nurtured(agreement).items():
        taken = {_status(document) for document in takers.get(reason, [])}
        if "live" in taken:
            continue
        offset = agreement.offset(path, at_key=True)
        if "paused" in taken:
            paused = sorted(_id(document) for document in takers[reason] if _status(document) == "paused")
            yield _waits_for_nobody(agreement, offset, reason, paused)
            continue
        built_in = "built in: the SLA gives it" if reason in BUILT_IN_REASONS else "nurture"
        message = f"the reason {quoted(reason)} ({built_in}) leads nowhere: no live campaign lists it"
        hint = "add it to the `enroll.reasons` of a live campaign"
        yield agreement.source.problem(REASON_LEADS_NOWHERE, offset, message, hint)


def _waits_for_nobody(agreement: Document, offset: int, reason: str, paused: list[str]) -> Problem:
    names = " and ".join(map(quoted, paused))
    message = (
        f"{names} {'is' if len(paused) == 1 else 'are'} paused, and no live campaign lists {quoted(reason)}: "
        "a lead refused as that meanwhile is taken by nobody, and rests"
    )
    hint = "once live again, a campaign takes it when it next does something or its data change, or by `nurture enroll`"
    return replace(agreement.source.problem(REASON_PAUSED, offset, message, hint), severity="warning")


def unknown_steps(campaign: Campaign, document: Document) -> Iterator[Problem]:
    """Conditions that ask about a step that the campaign does not have."""
    steps = [step.id for step in campaign.steps]
    for path, condition in conditions_of(campaign):
        for question in condition.questions:
            if question.function in IN_CAMPAIGNS and question.argument not in steps:
                message = f"{quoted(question)}: there is no such step in this campaign"
                hint = did_you_mean(question.argument, steps) or f"there are {one_of(steps[:10])}"
                offset = document.offset(path, within=question.at)
                yield document.source.problem(CONDITION_STEP, offset, message, hint)


def conditions_of(campaign: Campaign) -> Iterator[tuple[Path, Condition]]:
    """Every condition of a campaign, with its path in the file."""
    if campaign.enroll.when:
        yield ("enroll", "when"), campaign.enroll.when
    for index, step in enumerate(campaign.steps):
        if step.when:
            yield ("steps", index, "when"), step.when
    for index, leaving in enumerate(campaign.exit):
        yield ("exit", index, "when"), leaving.when


def reasons_of(agreement: Document) -> list[str]:
    """The reasons that the agreement's file names, and those built in."""
    named = [str(path[1]) for path in agreement.keys("reject_reasons")]
    return [*named, *(reason for reason in BUILT_IN_REASONS if reason not in named)]


def _nurtured(agreement: Document) -> dict[str, Path]:
    whose: dict[str, Path] = dict.fromkeys(BUILT_IN_REASONS, ("reject_reasons",))
    for path, then in agreement.texts("reject_reasons", None, "then"):
        if then == "nurture":
            whose[str(path[1])] = path[:2]
    return whose


def _says_whom(campaign: Document) -> bool:
    """Whether its status and its `enroll` say something, rightly or not, that can be understood."""
    data = campaign.data if isinstance(campaign.root, Node) else {}
    enroll = data.get("enroll", {})
    if _status(campaign) not in STATUSES or not isinstance(enroll, dict) or not data.keys() <= {*keys_of(Campaign)}:
        return False
    reasons = enroll.get("reasons", [])
    return enroll.keys() <= {*keys_of(Enroll)} and isinstance(reasons, list)


def _id(campaign: Document) -> str:
    return PurePosixPath(campaign.source.file).stem


def _status(campaign: Document) -> str | None:
    return next((status for _, status in campaign.texts("status")), None)


def _at(document: Document, path: Path, code: Code, message: str, hint: str | None) -> Problem:
    return document.source.problem(code, document.offset(path), message, hint)
