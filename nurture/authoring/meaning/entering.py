"""Whether any lead can enter a campaign, and how."""

from collections.abc import Iterator, Mapping

from nurture.agreement import BUILT_IN_REASONS, Agreement
from nurture.authoring.meaning.circumstances import NEVER_TAKEN, at_step, entering
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import Wanted, possible
from nurture.authoring.meaning.telling import error, warning
from nurture.authoring.meaning.truths import HOLDS, NOT_HOLDS
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.grammar.mistakes import one_of, quoted
from nurture.workspace.codes import NOBODY_ENTERS, ONLY_BY_HAND, REASON_FOR_CUSTOMERS, SAME_PRIORITY, STAGE_WITH_SALES
from nurture.workspace.document import Document

_LOOKED_AT = 20


def closed_doors(campaign: Campaign, document: Document, given: Given) -> Iterator[Problem]:
    """What in a campaign's own file keeps every lead out, or some that it says it takes."""
    shut = [index for index, stage in enumerate(campaign.enroll.stages) if stage in NEVER_TAKEN]
    if len(shut) == len(campaign.enroll.stages):
        stages = one_of(campaign.enroll.stages)
        said = f"no lead enters here: while a lead is {stages}, no campaign takes it"
        yield error(
            document, ("enroll", "stages"), NOBODY_ENTERS, said, "`inquiry`, `nurture` and `customer` are taken"
        )
        return
    for index in shut:
        said = f"no campaign takes a lead that is `{campaign.enroll.stages[index]}`"
        yield warning(document, ("enroll", "stages", index), STAGE_WITH_SALES, said, "leave it out")
    yield from _shut_by_conditions(campaign, document, given)


def _shut_by_conditions(campaign: Campaign, document: Document, given: Given) -> Iterator[Problem]:
    """`refusal` in `nurture.rules.taking` asks all of this at one time, whatever led to the campaign."""
    when, here = campaign.enroll.when, entering(campaign, given)
    entered: list[Wanted] = [(when.tree, HOLDS)] if when else []
    if not possible(entered, given) or not possible(entered, here):
        # The first is said of the condition itself.
        if possible(entered, given):
            stages = one_of(campaign.enroll.stages)
            said = f"no lead enters here: this never holds for one that is {stages}, and no other stage is taken"
            yield error(document, ("enroll", "when"), NOBODY_ENTERS, said, "name the stage in `enroll.stages`")
        return
    for index, line in enumerate(campaign.exit):
        if not possible([*entered, (line.when.tree, NOT_HOLDS)], here):
            whom = "everybody whom `enroll.when` lets in" if when else "everybody"
            said = f"no lead enters here: {whom} would leave at once by this line"
            yield error(document, ("exit", index, "when"), NOBODY_ENTERS, said)
            return
    entered += [(line.when.tree, NOT_HOLDS) for line in campaign.exit]
    steps = [step for step in campaign.steps if _can_begin(entered, campaign, step.id, given)]
    if not steps and possible(entered, here):
        said = "no lead enters here: whom it takes has no step to receive, for none of their conditions holds then"
        yield error(document, ("steps",), NOBODY_ENTERS, said, at_key=True)


def _can_begin(entered: list[Wanted], campaign: Campaign, step_id: str, given: Given) -> bool:
    step = next(step for step in campaign.steps if step.id == step_id)
    if step.when is None:
        return True
    here = entering(campaign, at_step(campaign, step, given))
    return possible([*entered, (step.when.tree, HOLDS)], here)


def only_by_hand(campaigns: Mapping[str, Campaign], documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Live campaigns that take nobody by themselves, and that no other campaign leads to."""
    followed = {campaign.finish.then for campaign in campaigns.values() if campaign.finish and campaign.finish.then}
    for name, document in documents.items():
        campaign = campaigns[name]
        enroll = campaign.enroll
        if campaign.status == "live" and not (enroll.reasons or enroll.unready or name in followed):
            said = "leads enter here only by hand: it takes no `reasons`, no `unready`, and no campaign leads here"
            hint = f"`nurture enroll EMAIL --campaign {name}`, or say whom it takes under `enroll`"
            yield warning(document, ("enroll",), ONLY_BY_HAND, said, hint, at_key=True)


def reasons_for_customers(
    agreement: Agreement, document: Document, campaigns: Mapping[str, Campaign]
) -> Iterator[Problem]:
    """Reasons that lead to nurture, where each campaign that lists them takes customers alone."""
    nurtured = [reason for reason, said in agreement.reject_reasons.items() if said.then == "nurture"]
    for reason in dict.fromkeys((*nurtured, *BUILT_IN_REASONS)):
        taking = [one for one in campaigns.values() if one.status == "live" and reason in one.enroll.reasons]
        if taking and not any("nurture" in one.enroll.stages for one in taking):
            names = one_of(campaign.id for campaign in taking)
            message = f"a lead refused as {quoted(reason)} is in the stage `nurture`, which {names} does not take"
            hint = "add `nurture` to its `enroll.stages`"
            path = ("reject_reasons", reason) if reason in agreement.reject_reasons else ("reject_reasons",)
            yield warning(document, path, REASON_FOR_CUSTOMERS, message, hint, at_key=True)


def same_priorities(campaigns: Mapping[str, Campaign], documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Live campaigns that would take the same leads, where nothing but their names says which comes first."""
    earlier: dict[tuple[int, str], list[Campaign]] = {}
    for name in sorted(documents):
        campaign = campaigns[name]
        if campaign.status != "live":
            continue
        wanted = {*campaign.enroll.reasons, *(["unready leads"] if campaign.enroll.unready else [])}
        for what in sorted(wanted):
            before = earlier.setdefault((campaign.priority, what), [])
            rival = next((other for other in before[:_LOOKED_AT] if _overlap(other, campaign)), None)
            before.append(campaign)
            if rival:
                whom = what if what == "unready leads" else f"the reason {quoted(what)}"
                said = f"{quoted(rival.id)} takes {whom} too, at the same priority {campaign.priority}"
                path = ("priority",) if _writes(documents[name], "priority") else ("enroll",)
                hint = "the lower `priority` comes first; as it stands, the name decides"
                yield warning(documents[name], path, SAME_PRIORITY, said, hint, at_key=path == ("enroll",))
                break


def _writes(document: Document, key: str) -> bool:
    return (key,) in document.keys()  # noqa: SIM118 (paths, not the keys of a dict)


def _overlap(one: Campaign, other: Campaign) -> bool:
    if not set(one.enroll.stages) & set(other.enroll.stages):
        return False
    whens = [campaign.enroll.when for campaign in (one, other)]
    return possible([(when.tree, HOLDS) for when in whens if when])
