"""A lead that another CRM tells of: sales there has it, has won it, or has given it up."""

from nurture.facts import WITH_SALES
from nurture.rules.draft import Draft
from nurture.rules.enrolling import leave
from nurture.rules.evolving import evolve
from nurture.rules.happenings import StoodElsewhere
from nurture.rules.offering import grade_again


def stood_elsewhere(draft: Draft, happening: StoodElsewhere) -> None:
    """Put the lead where sales has it. While an offer of ours is open, only sales here says where it stands."""
    grade_again(draft)
    state = draft.state
    if state.handoff is not None and not state.handoff.imported:
        return
    if happening.stage == "nurture":
        draft.state = evolve(state, refused=True, handed_over=True, reason=happening.reason or state.reason)
    else:
        draft.state = evolve(state, handed_over=True)
    if happening.stage != "nurture" and not _stays(draft, happening.stage):
        leave(draft, "customer" if happening.stage == "customer" else "qualified")
    if happening.stage in WITH_SALES:
        draft.wait(mail_from=None, ask_at=None)
    given_up_before = happening.stage == "nurture" and state.stage not in WITH_SALES
    if state.stage != "disqualified" and not given_up_before:
        draft.move(happening.stage, "told by another CRM")


def _stays(draft: Draft, stage: str) -> bool:
    """Whether the campaign that holds the lead, if there is one, takes leads of this stage."""
    enrollment = draft.state.enrollment
    campaign = None if enrollment is None else draft.book.campaigns.get(enrollment.campaign)
    return campaign is not None and stage in campaign.enroll.stages
