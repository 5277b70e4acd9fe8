"""The example in `campaigns/`: whole, and good enough to copy."""

import re

import pytest

from nurture.campaign import Campaign, Step
from nurture.mail.front_matter import read_front_matter
from tests.campaigns.shipped import MAILS, SHIPPED, STEPS, compiled, templates_of

BUILT_IN = {"no_follow_up", "unreachable", "no_outcome"}


def _id(parameter: object) -> str | None:
    return parameter.id if isinstance(parameter, Campaign | Step) else None


def _words(step: Step) -> str:
    """A mail's whole source, in one line, as its words."""
    return " ".join(SHIPPED.templates[step.template].text.split())


def test_the_workspace_has_no_problem_and_no_warning() -> None:
    assert SHIPPED.warnings == ()


def test_every_template_is_some_steps_and_nothing_lies_about() -> None:
    assert {name for _, step in STEPS for name in templates_of(step)} == set(SHIPPED.templates)


@pytest.mark.parametrize("campaign", SHIPPED.campaigns.values(), ids=_id)
def test_a_campaign_is_live_asks_one_question_and_ends_with_a_last_word(campaign: Campaign) -> None:
    assert campaign.status == "live"
    assert 4 <= len(campaign.steps) <= 8
    assert sum(step.survey is not None for step in campaign.steps) == 1
    last = campaign.steps[-1]
    assert last.id == "last-word"
    assert re.search(r"may i close your file", _words(last), re.IGNORECASE)
    assert compiled(last.template).answers == {("file", "keep_open")}


@pytest.mark.parametrize("campaign", SHIPPED.campaigns.values(), ids=_id)
def test_a_campaign_keeps_a_rhythm_that_people_bear(campaign: Campaign) -> None:
    slow = campaign.cadence.slow_down
    assert 7 <= campaign.cadence.every.days <= 31
    assert slow is not None
    assert slow.every.days >= 2 * campaign.cadence.every.days
    assert campaign.finish is not None
    assert campaign.finish.after.days >= 30


def test_a_survey_offers_several_answers_to_one_question() -> None:
    for _, step in STEPS:
        if step.survey is not None:
            answers = compiled(step.survey).answers
            assert len({question for question, _ in answers}) == 1
            assert 3 <= len(answers) <= 5


def test_every_survey_and_last_word_has_an_answer_that_scores() -> None:
    scored = _scored()
    for name in MAILS:
        answers = compiled(name).answers
        assert not answers or answers & scored, name


def test_every_answer_that_the_files_look_at_is_offered_by_some_mail() -> None:
    offered = {answer for name in MAILS for answer in compiled(name).answers}
    assert _scored()
    assert _scored() <= offered
    asked = [line.when for campaign in SHIPPED.campaigns.values() for line in campaign.exit]
    asked += [step.when for _, step in STEPS if step.when is not None]
    for when in asked:
        for question in {question for question, _ in offered if f"lead.{question}" in when.fields}:
            looked_for = re.findall(r"'([^']*)'", str(when))
            assert {(question, answer) for answer in looked_for} <= offered


def test_every_reason_that_leads_to_nurture_has_a_track_of_its_own_and_one_for_later() -> None:
    reasons = {code for code, reason in SHIPPED.agreement.reject_reasons.items() if reason.then == "nurture"} | BUILT_IN
    tracks = SHIPPED.campaigns.values()
    listed = [reason for track in tracks if "customer" not in track.enroll.stages for reason in track.enroll.reasons]
    assert set(listed) == reasons
    assert all(listed.count(reason) == 2 for reason in reasons - {"no_outcome"})


def test_a_customer_whom_sales_refuses_comes_back_to_the_customers_track_for_whatever_reason() -> None:
    reasons = {code for code, reason in SHIPPED.agreement.reject_reasons.items() if reason.then == "nurture"} | BUILT_IN
    (track,) = (track for track in SHIPPED.campaigns.values() if "customer" in track.enroll.stages)
    assert set(track.enroll.reasons) == reasons
    assert track.enroll.unready, "who was won, and never refused again"


def test_subjects_are_all_different() -> None:
    subjects = [read_front_matter(file.text, file.name).subject.text for file in SHIPPED.templates.values()]
    assert len(set(subjects)) == len(MAILS)


def _scored() -> set[tuple[str | None, str | None]]:
    return {
        (signal.when.pattern, signal.when.answer)
        for signal in SHIPPED.agreement.signals.values()
        if signal.when.kind == "answer"
    }
