"""What the mails say will happen, happens: the example's files, lived through by the rules."""

from datetime import timedelta
from itertools import pairwise

import pytest

from nurture.facts import EventFact
from nurture.rules import happenings as h
from nurture.rules.book import Rulebook
from nurture.rules.effects import HandedOver, LeftCampaign
from tests.campaigns.shipped import SHIPPED
from tests.rules.examples import NOW
from tests.rules.lives import Life, lead, weeks

BOOK = Rulebook(SHIPPED.agreement, SHIPPED.campaigns)
YEARS = weeks(200)
REST = ["roi", "timing", "first-month", "open-hour", "last-word"]
TRACKS = {"not-ready": "not_ready", "no-budget": "no_budget", "could-not-reach": "unreachable"}


def refused(reason: str, **known: object) -> Life:
    life = Life(BOOK, lead(**known))
    life.happens(h.Refused(reason, NOW))
    return life


def inquiry(**known: object) -> Life:
    life = Life(BOOK, lead(**known))
    life.happens(h.Arrived())
    return life


def until_step(life: Life, step: str) -> None:
    for week in range(1, 80):
        if any(mail.step == step for mail in life.until(weeks(week))):
            return
    raise AssertionError(f"{step} never came")


def answers(life: Life, question: str, answer: str) -> None:
    at = life.now + timedelta(hours=1)
    life.happens(h.Did((EventFact("answer", at, name=question, properties={"answer": answer}),)), at)


def campaign_of(life: Life) -> str | None:
    return life.state.enrollment.campaign if life.state.enrollment else None


def left(life: Life) -> list[str]:
    return [str(effect.word) for effect in life.effects if isinstance(effect, LeftCampaign)]


@pytest.mark.parametrize(
    ("known", "steps"),
    [
        ({"industry": "manufacturing"}, ["questions", "proof", *REST]),
        ({"industry": "retail"}, ["questions", "proof-warehouse", *REST]),
        ({}, ["questions", *REST]),
    ],
    ids=["manufacturing", "retail", "unknown industry"],
)
def test_who_never_stirs_gets_every_letter_once_then_the_monthly_ones_then_peace(
    known: dict[str, str], steps: list[str]
) -> None:
    life = inquiry(**known)
    mails = life.until(YEARS)
    assert [mail.step for mail in mails if mail.campaign == "not-ready"] == steps
    assert [mail.step for mail in mails if mail.campaign == "long-term"] == [
        step.id for step in SHIPPED.campaigns["long-term"].steps
    ]
    gaps = [later.slot.local_on - mail.slot.local_on for mail, later in pairwise(mails)]
    assert all(gap >= timedelta(days=7) for gap in gaps)
    assert left(life) == ["finished", "finished"]
    assert campaign_of(life) is None


@pytest.mark.parametrize(("campaign", "reason"), TRACKS.items())
def test_a_refused_lead_is_asked_the_tracks_question_and_asked_to_close_its_file(campaign: str, reason: str) -> None:
    mails = refused(reason).until(YEARS)
    files = SHIPPED.campaigns[campaign]
    steps = [mail.step for mail in mails if mail.campaign == campaign]
    assert next(step.id for step in files.steps if step.survey) in steps
    assert steps[-1] == "last-word"
    assert len(steps) >= 5


def test_no_budget_hears_nothing_for_ninety_days() -> None:
    first = refused("no_budget").until(YEARS)[0]
    assert first.slot.local_on - NOW.date() >= timedelta(days=90)


def test_looking_right_now_goes_to_sales() -> None:
    life = refused("not_ready")
    until_step(life, "timing")
    answers(life, "timing", "now")
    assert any(isinstance(effect, HandedOver) for effect in life.effects)
    assert life.until(YEARS) == []


@pytest.mark.parametrize("begin", [inquiry, lambda: refused("not_ready")], ids=["inquiry", "refused"])
def test_next_year_means_one_letter_a_month_instead_of_one_a_week(begin: type[Life]) -> None:
    life = begin()
    until_step(life, "timing")
    answers(life, "timing", "next_year")
    assert campaign_of(life) == "long-term"
    assert {mail.campaign for mail in life.until(YEARS)} == {"long-term"}


def test_next_year_ends_the_letters_about_money() -> None:
    life = refused("no_budget")
    until_step(life, "budget-round")
    answers(life, "budget", "next_year")
    assert campaign_of(life) == "long-term"


def test_who_said_when_is_not_asked_whether_to_close_the_file() -> None:
    life = refused("not_ready")
    until_step(life, "timing")
    answers(life, "timing", "this_year")
    steps = [mail.step for mail in life.until(weeks(40)) if mail.campaign == "not-ready"]
    assert "open-hour" in steps
    assert "last-word" not in steps


@pytest.mark.parametrize("answer", ["colleague", "nobody"])
def test_the_wrong_person_never_hears_from_us_again(answer: str) -> None:
    life = refused("wrong_person")
    until_step(life, "right-person")
    answers(life, "right_person", answer)
    assert left(life) == ["wrong_person"]
    life.does("/pricing", now=life.now + timedelta(days=20))
    assert life.until(YEARS) == []


@pytest.mark.parametrize(
    ("reason", "step", "question", "answer"),
    [
        ("not_ready", "timing", "timing", "never"),
        ("not_ready", "worth-reading", "letters", "enough"),
        ("no_budget", "worth-reading", "letters", "enough"),
        ("unreachable", "worth-reading", "letters", "enough"),
    ],
)
def test_enough_is_enough(reason: str, step: str, question: str, answer: str) -> None:
    life = refused(reason)
    if reason == "unreachable":
        until_step(life, "last-word")
        answers(life, "file", "keep_open")
    until_step(life, step)
    answers(life, question, answer)
    life.does("/docs", now=life.now + timedelta(days=20))
    assert life.until(YEARS) == []


def test_a_file_kept_open_brings_the_monthly_letter() -> None:
    life = refused("unreachable")
    until_step(life, "last-word")
    answers(life, "file", "keep_open")
    assert campaign_of(life) == "long-term"


def test_a_file_that_nobody_kept_open_is_closed() -> None:
    life = refused("unreachable")
    mails = life.until(YEARS)
    assert {mail.campaign for mail in mails} == {"could-not-reach"}
    assert mails[-1].step == "last-word"
    assert campaign_of(life) is None


@pytest.mark.parametrize("reason", ["unreachable", "wrong_person", "no_outcome", "no_follow_up", "no_budget"])
def test_a_second_refusal_finds_a_track_too(reason: str) -> None:
    life = refused(reason)
    until_step(life, next(iter(SHIPPED.campaigns[campaign_of(life) or "no-budget"].steps)).id)
    life.does("Demo Requested", now=life.now + timedelta(days=1))
    life.happens(h.Refused(reason, life.now + timedelta(days=2)), life.now + timedelta(days=2))
    assert life.state.cycle == 2
    assert life.until(YEARS) != []
