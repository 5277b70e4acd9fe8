"""What has been done meanwhile is not asked for again."""

import pytest

from nurture.rules.still_news import HandoffNow, moot

REP, OTHER = "rep@acme.example", "other@acme.example"


def said(kind: str, state: str, owner: str = REP, attempts: int = 0, channel: str = "email", **data: object):
    return moot(kind, channel, REP if channel == "email" else None, data, HandoffNow(state, owner, attempts))


@pytest.mark.parametrize("state", ["rejected", "returned", "merged", "won", "lost"])
@pytest.mark.parametrize(
    "kind", ["lead.requalified", "handoff.reminded", "handoff.escalated", "handoff.outcome_asked", "lead.active"]
)
def test_a_person_is_told_nothing_of_a_closed_handoff_but_that_it_went_back(kind: str, state: str) -> None:
    assert said(kind, state) == f"the handoff is closed: {state}"
    assert said("handoff.returned", state) is None


def test_a_machine_is_told_everything() -> None:
    assert said("handoff.reminded", "won", channel="webhook", promise="accept") is None


@pytest.mark.parametrize(
    ("promise", "state", "attempts", "is_moot"),
    [
        ("accept", "offered", 0, False),
        ("accept", "accepted", 0, True),
        ("first_attempt", "offered", 0, False),
        ("first_attempt", "accepted", 0, False),
        ("first_attempt", "accepted", 1, True),
        ("first_attempt", "contacted", 0, True),
        ("attempts", "accepted", 3, False),
        ("attempts", "contacted", 3, True),
        ("outcome", "contacted", 6, False),
        ("outcome", "qualified", 6, False),
    ],
)
@pytest.mark.parametrize("kind", ["handoff.reminded", "handoff.escalated"])
def test_what_was_done_is_not_asked_for(kind: str, promise: str, state: str, attempts: int, is_moot: bool) -> None:
    assert (said(kind, state, attempts=attempts, promise=promise) is not None) is is_moot


def test_who_has_the_lead_no_more_is_not_reminded_of_it() -> None:
    assert said("handoff.reminded", "offered", owner=OTHER, promise="accept") == "somebody else has the lead by now"
    assert said("lead.active", "accepted", owner=OTHER, channel="slack", owner_then=REP) is None
    assert moot("lead.active", "slack", None, {"owner": REP}, HandoffNow("accepted", OTHER, 0)) is not None


def test_a_manager_hears_of_a_rep_who_still_has_it() -> None:
    assert said("handoff.escalated", "offered", owner=OTHER, promise="accept") is None
    late = {"promise": "accept", "owner": REP}
    assert moot("handoff.escalated", "email", "boss@acme.example", late, HandoffNow("offered", OTHER, 0))
    assert moot("handoff.escalated", "email", "boss@acme.example", late, HandoffNow("offered", REP, 0)) is None


def test_of_two_changes_of_owner_the_last_one_is_told() -> None:
    assert said("handoff.reassigned", "offered", owner=OTHER, to=OTHER) is None
    assert said("handoff.reassigned", "offered", owner=OTHER, to=REP) == "somebody else has the lead by now"


def test_what_is_of_no_handoff_stays_news() -> None:
    assert moot("digest.sales", "email", REP, {}, None) is None
