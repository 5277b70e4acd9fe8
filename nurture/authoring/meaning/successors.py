"""Where `finish.then` leads: round in circles, or to a campaign that does not take the lead."""

from collections.abc import Iterator, Mapping

from nurture.authoring.meaning.circumstances import inside
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import can_hold
from nurture.authoring.meaning.steps import steady
from nurture.authoring.meaning.telling import error, warning
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.grammar.mistakes import one_of, quoted
from nurture.workspace.codes import IN_CIRCLES, SUCCESSOR_REFUSES, SUCCESSOR_TAKES_NOBODY
from nurture.workspace.document import Document

_PATH = ("finish", "then")


def closed_successors(
    campaigns: Mapping[str, Campaign], documents: Mapping[str, Document], given: Given
) -> Iterator[Problem]:
    """Campaigns that follow another and refuse its leads: these rest instead."""
    for name, document in documents.items():
        campaign = campaigns[name]
        following = campaigns.get(campaign.finish.then) if campaign.finish else None
        if following is not None:
            yield from _refused(campaign, following, document, given)


def _refused(campaign: Campaign, following: Campaign, document: Document, given: Given) -> Iterator[Problem]:
    stages = {*campaign.enroll.stages, "nurture"}
    if not stages.intersection(following.enroll.stages):
        said = (
            f"{quoted(following.id)} takes {one_of(following.enroll.stages)}, and a lead that finishes here is none of "
            "these: it would rest"
        )
        yield error(document, _PATH, SUCCESSOR_REFUSES, said, "add its stage there, or write `then: rest`")
    elif following.status != "live" and campaign.status == "live":
        said = f"{quoted(following.id)} is {following.status}: until it is live, whoever finishes here rests"
        yield warning(document, _PATH, SUCCESSOR_TAKES_NOBODY, said)
    elif campaign.enroll.when and following.enroll.when:
        # Stage and grade are asked again, and what else was asked at the door may have changed since.
        left, right = campaign.enroll.when.tree, following.enroll.when.tree
        here = inside(campaign, given)
        if (
            can_hold(left, given=given)
            and can_hold(right, given=given)
            and not can_hold(steady(left), right, given=here)
        ):
            said = (
                f"{quoted(following.id)} takes nobody whom this campaign takes: their `enroll.when` exclude each "
                "other, so a lead that has not changed would rest"
            )
            yield warning(document, _PATH, SUCCESSOR_TAKES_NOBODY, said)


def circles(campaigns: Mapping[str, Campaign], documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Campaigns that follow each other round in a circle; each circle is told of once, where it closes.

    Nobody is mailed for ever: a step is received once, and who comes back and has had them all rests. So it works, but
    not as whoever wrote it must have thought.
    """
    after = {name: one.finish.then for name, one in campaigns.items() if one.finish and one.finish.then in campaigns}
    done: set[str] = set()
    for start in sorted(after, key=lambda name: (campaigns[name].priority, name)):
        way: list[str] = []
        here = start
        while here in after and here not in done and here not in way:
            way.append(here)
            here = after[here]
        done.update(way)
        if here in way and way[-1] in documents:
            circle = [*way[way.index(here) :], here]
            said = (
                f"this leads round in a circle ({' → '.join(map(quoted, circle))}): who comes back has had the mails "
                "and rests"
            )
            yield warning(documents[way[-1]], _PATH, IN_CIRCLES, said, "write `then: rest`")
