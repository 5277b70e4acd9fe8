"""What is settled of a lead by where a condition stands."""

from collections.abc import Mapping
from dataclasses import replace

from nurture.agreement import Agreement
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.grades import possible_grades
from nurture.authoring.meaning.scores import highest_score
from nurture.campaign import Campaign, Step
from nurture.facts import MICRO, WITH_SALES

NEVER_TAKEN: frozenset[str] = WITH_SALES | {"disqualified"}
"""Stages from which no campaign takes a lead by itself."""


def anywhere(agreement: Agreement | None) -> Given:
    """Of any lead: its grade is one that the agreement can give, its score one that signals can add up to."""
    if agreement is None:
        return Given()
    company, highest = agreement.company, highest_score(agreement)
    values: dict[str, tuple[object, ...]] = {
        "lead.grade": (*sorted(possible_grades(agreement)), None),
        "company.name": (company.name,),
        "company.address": (company.address,),
        "company.timezone": (company.timezone,),
    }
    return Given(values, bounds={"lead.score": (None, None if highest is None else highest / MICRO)})


def entering(campaign: Campaign, given: Given) -> Given:
    """Of a lead that the campaign is asked to take by itself."""
    stages = tuple(stage for stage in campaign.enroll.stages if stage not in NEVER_TAKEN)
    return _with(given, _named(campaign) | {"lead.stage": stages})


def inside(campaign: Campaign, given: Given) -> Given:
    """Of a lead that is in the campaign: its stage is one that the campaign takes, or `nurture` since it was taken."""
    stages = dict.fromkeys((*campaign.enroll.stages, "nurture"))
    return _with(given, _named(campaign) | {"lead.stage": tuple(stages)})


def at_step(campaign: Campaign, step: Step, given: Given) -> Given:
    """Of a lead that could receive this step now: where it does not repeat, it has not been received."""
    here = _with(inside(campaign, given), {"step.id": (step.id,)})
    return here if step.repeat else replace(here, never=here.never | {("received", step.id)})


def _named(campaign: Campaign) -> dict[str, tuple[object, ...]]:
    names = {"id": campaign.id, "name": campaign.name, "topic": campaign.topic}
    return {f"campaign.{key}": (value,) for key, value in names.items()}


def _with(given: Given, more: Mapping[str, tuple[object, ...]]) -> Given:
    return replace(given, values={**given.values, **more})
