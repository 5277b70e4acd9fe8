"""Leads that are alike to a campaign get one answer; it is the one that each would get alone."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.facts import LeadState
from nurture.rules import alike, conditions
from nurture.rules.known import known
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of, lead

ASKED = (
    "lead.industry == 'retail'",
    "lead.n == 1",
    "lead.n",
    "lead.n is empty",
    "lead.n == '1'",
    "lead.tags | length > 1",
    "lead.stage == 'customer'",
    "lead.grade in ['A', 'B']",
    "lead.cycle > 1",
    "lead.title | matches('vp')",
    "lead.email == 'a@x.example'",
    "lead.employees >= 100 and lead.country == 'US'",
    "not visited('/pricing', days=30)",
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "n": st.sampled_from([None, 0, 1, 2, 1.0, True, False, "1", "", 1.5]),
        "tags": st.sampled_from([None, "x", ["x"], ["x", "y"], {"x": 1}]),
    },
)
PEOPLE = st.builds(
    lead,
    industry=st.sampled_from([None, "retail", "Retail ", "software"]),
    country=st.sampled_from([None, "US", "DE"]),
    employees=st.sampled_from([None, 99, 100]),
    title=st.sampled_from([None, "VP Sales", "Clerk"]),
    email=st.sampled_from(["a@x.example", "b@x.example"]),
    attributes=ATTRIBUTES,
    stage=st.sampled_from(["nurture", "customer"]),
    cycle=st.sampled_from([1, 2]),
    grade=st.sampled_from([None, "A", "C"]),
)
CAMPAIGN = campaign_of(
    steps=[{"id": f"s{n}", "email": f"t/{n}", "when": when} for n, when in enumerate(ASKED)],
    exit=[{"when": when, "reason": f"r{n}"} for n, when in enumerate(ASKED)],
    enroll={"reasons": ["not_ready"], "when": "lead.n == 1"},
)
BOOK = book_of(CAMPAIGN)


def holds(condition: conditions.Condition, state: LeadState) -> bool:
    return conditions.holds(condition, known(BOOK, state, NOW, campaign=CAMPAIGN)) is True


@given(st.lists(PEOPLE, min_size=1, max_size=20))
def test_everybody_gets_the_answer_that_is_theirs(people: list[LeadState]) -> None:
    kinds = alike.kinds(CAMPAIGN)
    for state in people:
        found = kinds.of(state)
        for step in CAMPAIGN.steps:
            assert step.when is not None
            assert found.steps.get(step.id, holds(step.when, state)) == holds(step.when, state)
        may_leave = [line.reason for line in found.exit]
        assert [line.reason for line in CAMPAIGN.exit if holds(line.when, state) and line.reason not in may_leave] == []
        assert CAMPAIGN.enroll.when is not None
        assert found.fits == holds(CAMPAIGN.enroll.when, state)


def test_what_nobody_shares_is_asked_of_each() -> None:
    found = alike.kinds(CAMPAIGN).of(lead())
    asked = {step.when.source for step in CAMPAIGN.steps if step.when is not None and step.id not in found.steps}
    assert asked == {"lead.title | matches('vp')", "lead.email == 'a@x.example'", "not visited('/pricing', days=30)"}


def test_no_more_kinds_are_kept_than_there_is_room_for() -> None:
    kinds = alike.Kinds(CAMPAIGN)
    for n in range(alike.KINDS + 10):
        assert kinds.of(lead(attributes={"n": n})).fits is (n == 1)
    assert len(kinds) == 10
