"""Rules over answers decide as the rules over persons do, and what a lead's line holds says nothing of who it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import EventFact, LeadState
from nurture.grammar.conditions import Condition
from nurture.lab.plan_blind import Blinding
from nurture.lab.plan_record import from_record, pseudonym
from nurture.lab.plan_recorder import Recorder
from nurture.rules import conditions, grading
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.rules.permission import missing
from tests.grammar.expressions import ATTRIBUTES, trees
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of, lead
from tests.rules.test_life_properties import BOOK, happenings, live

values = st.none() | st.sampled_from(["vp", "VP of Sales", "120", "yes", "no", "US", " "]) | st.integers(0, 400)
people = st.fixed_dictionaries(
    {}, optional={"title": st.sampled_from([None, "VP Sales", "student", ""]), "employees": st.integers(0, 400)}
)
events = st.lists(
    st.builds(
        lambda kind, days: EventFact(
            kind, NOW - timedelta(days=days), name="Webinar", path="/pricing/a", campaign="not-ready", step="proof"
        ),
        st.sampled_from(["page", "track", "click", "answer"]),
        st.integers(0, 399),
    ),
    max_size=3,
)


def through_a_snapshot(book: Rulebook, state: LeadState) -> tuple[Rulebook, LeadState]:
    """The blinded rules, and the lead as its line gives it back."""
    recorder = Recorder(book, NOW, "secret")
    line = orjson.loads(orjson.dumps(recorder.record(state)))
    return Blinding().book(book), from_record(line, recorder.answers, recorder.questions)


@settings(max_examples=60, deadline=None)
@given(trees(), people, st.dictionaries(st.sampled_from(ATTRIBUTES), values), events)
def test_a_condition_over_answers_is_judged_as_over_the_person(
    tree: object, person: dict[str, object], attributes: dict[str, object], did: list[EventFact]
) -> None:
    condition = Condition(str(tree), tree)  # type: ignore[arg-type]
    first = campaign_of().steps[0].model_copy(update={"when": condition})
    campaign = campaign_of().model_copy(update={"steps": (first,)})
    book = Rulebook(book_of().agreement, {campaign.id: campaign})
    state = replace(lead(attributes=attributes, **person), grade="A", events=tuple(did))
    blind, told = through_a_snapshot(book, state)
    step = blind.campaigns[campaign.id].steps[0]
    assert step.when is not None
    expected = conditions.holds(condition, known(book, state, NOW, campaign=campaign, step=first))
    judged = conditions.holds(step.when, known(blind, told, NOW, campaign=blind.campaigns[campaign.id], step=step))
    assert judged is expected


@settings(max_examples=25, deadline=None)
@given(st.lists(happenings(), max_size=15))
def test_a_life_comes_back_from_its_line_as_it_was(happened: list[tuple[timedelta, str, object]]) -> None:
    one, _ = live(happened)
    recorder = Recorder(BOOK, one.now, "secret")
    line = orjson.loads(orjson.dumps(recorder.record(one.state)))
    told = from_record(line, recorder.answers, recorder.questions)
    sent = [
        replace(mail, state="sent") if mail.state in ("sending", "unknown") else mail for mail in one.state.deliveries
    ]
    assert list(told.deliveries) == sent
    same = (
        "stage",
        "cycle",
        "grade",
        "counts",
        "enrollment",
        "past",
        "suppressed",
        "left_topics",
        "mail_from",
        "ask_at",
    )
    for name in (*same, "engaged_at", "refused", "reason", "handed_over"):
        assert getattr(told, name) == getattr(one.state, name), name


def test_the_grade_is_the_same_even_of_a_lead_of_whom_only_the_address_is_known() -> None:
    book = book_of()
    nobody = {"title": None, "country": None, "employees": None, "timezone": None}
    for state in (
        lead(),
        lead(title="student"),
        lead(**nobody),
        lead(email="x@gmail.com", key="x@gmail.com", **nobody),
    ):
        blind, told = through_a_snapshot(book, state)
        expected = grading.grade(book.agreement, known(book, state, NOW)).grade
        assert grading.grade(blind.agreement, known(blind, told, NOW)).grade == expected


@pytest.mark.parametrize("country", ["DE", "US", None])
@pytest.mark.parametrize("state", [{}, {"unconfirmed": True}, {"basis": "inquiry", "basis_at": NOW}])
def test_what_is_missing_for_mail_is_the_same(country: str | None, state: dict[str, Any]) -> None:
    book = book_of(consent={"required": True, "countries": ["DE"], "accepts": ["consent", "inquiry"]})
    one = lead(country=country, **state)
    blind, told = through_a_snapshot(book, one)
    assert (missing(blind, told, NOW) is None) == (missing(book, one, NOW) is None)


def test_a_line_names_nobody_and_a_pseudonym_needs_the_secret() -> None:
    state = lead(first_name="Josephine", last_name="Quill", company="Zyx Ltd", owner="rep@acme.example")
    state = replace(state, profile=replace(state.profile, attributes={"phone": "555-0199"}))
    line = orjson.dumps(Recorder(book_of(), NOW, "secret", keep=["industry"]).record(state)).decode()
    for word in ("jo@", "buyer.example", "Josephine", "Quill", "Zyx", "VP Operations", "acme.example", "555"):
        assert word not in line
    assert pseudonym("jo@buyer.example", "secret") == pseudonym("jo@buyer.example", "secret")
    assert pseudonym("jo@buyer.example", "secret") != pseudonym("jo@buyer.example", "other")


def test_texts_that_few_leads_share_are_left_out() -> None:
    recorder = Recorder(book_of(), NOW, "secret", keep=["industry"])
    recorder.common = {"industry": frozenset({"retail"}), "country": frozenset({"US"})}
    assert recorder.record(lead(industry="retail"))["values"] == {
        "country": "US",
        "industry": "retail",
        "employees": 900,
    }
    assert recorder.record(lead(industry="Zyx Ltd"))["values"] == {"country": "US", "employees": 900}
    assert recorder.record(lead(industry=None))["values"] == {"country": "US", "industry": None, "employees": 900}
