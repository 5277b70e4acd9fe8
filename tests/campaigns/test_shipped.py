"""The example in `campaigns/` and `templates/`: good enough to copy."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nurture.campaign import Campaign, Step
from nurture.errors import TemplateError
from nurture.facts import Profile
from nurture.mail.compiling import compile_template
from nurture.mail.front_matter import read_front_matter
from nurture.mail.rendering import Letterhead, MailContext, render
from nurture.mail.template import CompiledTemplate
from nurture.workspace import load_workspace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
BASE = "https://go.acme.example"
HEAVY = 90 * 1024
"""Octets. Gmail cuts a mail's HTML off at 102 KB."""

MARIA = Profile(
    "k1", "maria@delmore.example", "Maria", "Rossi", "VP Operations", "Delmore Bottling", "US", "America/Chicago",
    "en-US", "manufacturing", 480, "website",
)  # fmt: skip
LEADS = {
    "well known": MARIA,
    "nothing known": Profile("k2", "x@example.com"),
    "blank fields": Profile("k3", "y@example.com", first_name=" ", company="", title=" "),
    "British": Profile("k4", "tom@northgate.example", "Tom", company="Northgate Ltd", country="GB"),
    "hostile": Profile("k5", "z@example.com", first_name="<b>Zoë</b> & Söhne", company='"Ünïcode" </mj-text> 株式会社'),
}


class _Links(HTMLParser):
    """Every link of a mail that a person can see, with its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and "aria-hidden" not in given:
            self._href = given["href"]
            self.found.append((self._href or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._href is not None:
            href, text = self.found[-1]
            self.found[-1] = (href, text + data)


SHIPPED = load_workspace(ROOT)
STEPS = [(campaign, step) for campaign in SHIPPED.campaigns.values() for step in campaign.steps]
MAILS = sorted(SHIPPED.templates)


@cache
def _compiled(name: str) -> CompiledTemplate:
    return compile_template(SHIPPED.templates[name], SHIPPED.partials)


def _render(template: CompiledTemplate, lead: Profile, *, tracked: bool = False) -> bytes:
    company = SHIPPED.agreement.company
    letterhead = Letterhead(company.name, company.address, company.sender, company.reply_to, BASE, "k" * 32)
    context = MailContext(
        letterhead, 1, 2, lead, "not-ready", "Not ready yet", "step", track_opens=tracked, track_clicks=tracked
    )
    return render(template, context, NOW).data


def _mail(name: str, lead: Profile, *, tracked: bool = False) -> EmailMessage:
    mail = message_from_bytes(_render(_compiled(name), lead, tracked=tracked), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def _templates(step: Step) -> list[str]:
    return [step.template, *step.variants.values()]


def _ids(parameter: object) -> str | None:
    return parameter.id if isinstance(parameter, Campaign | Step) else None


def test_the_workspace_has_no_problem_and_no_warning() -> None:
    assert SHIPPED.warnings == ()


def test_every_template_is_some_steps_and_nothing_lies_about() -> None:
    assert {name for _, step in STEPS for name in _templates(step)} == set(SHIPPED.templates)


@pytest.mark.parametrize("campaign", SHIPPED.campaigns.values(), ids=_ids)
def test_a_campaign_is_live_asks_one_question_and_ends_with_a_last_word(campaign: Campaign) -> None:
    assert campaign.status == "live"
    assert 4 <= len(campaign.steps) <= 8
    assert sum(step.survey is not None for step in campaign.steps) == 1
    last = campaign.steps[-1]
    assert last.id == "last-word"
    assert read_front_matter(SHIPPED.templates[last.template].text, "x").subject.text == "May I close your file?"
    assert _compiled(last.template).answers == {("file", "keep_open")}


def test_a_survey_offers_several_answers_to_one_question() -> None:
    for _, step in STEPS:
        if step.survey is not None:
            answers = _compiled(step.survey).answers
            assert len({question for question, _ in answers}) == 1
            assert len(answers) >= 3


def test_every_answer_that_the_files_look_at_is_offered_by_some_mail() -> None:
    offered = {answer for name in MAILS for answer in _compiled(name).answers}
    scored = {
        (signal.when.pattern, signal.when.answer)
        for signal in SHIPPED.agreement.signals.values()
        if signal.when.kind == "answer"
    }
    assert scored
    assert scored <= offered
    for line in (line for campaign in SHIPPED.campaigns.values() for line in campaign.exit):
        for question in {question for question, _ in offered if f"lead.{question}" in line.when.fields}:
            looked_for = re.findall(r"'([^']*)'", str(line.when))
            assert {(question, answer) for answer in looked_for} <= offered


@pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS.keys())
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_renders_whatever_is_known_of_the_lead(name: str, lead: Profile) -> None:
    mail = _mail(name, lead, tracked=True)
    html, text = _body(mail, "html"), _body(mail, "plain")
    assert len(html.encode()) < HEAVY
    for written in (str(mail["Subject"]), html, text):
        assert "{{" not in written
        assert "{%" not in written
    assert "<b>Zoë" not in html
    known = (lead.first_name or "").strip()
    assert f"Hi {known or 'there'},\n" in text


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_has_a_subject_and_a_preheader_that_an_inbox_shows_whole(name: str) -> None:
    front = read_front_matter(SHIPPED.templates[name].text, name)
    assert front.preheader is not None
    assert 10 <= len(str(_mail(name, MARIA)["Subject"])) <= 60
    assert 20 <= len(front.preheader.text) <= 90
    assert front.preheader.text in _body(_mail(name, MARIA), "html").replace("&#39;", "'").replace("&#x27;", "'")


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_asks_for_one_thing(name: str) -> None:
    *asked, (unsubscribe, word) = _Links(_body(_mail(name, MARIA), "html")).found
    assert (unsubscribe.startswith(f"{BASE}/u/"), word) == (True, "Unsubscribe")
    assert all(len(label.split()) > 1 for _, label in asked)
    if _compiled(name).answers:
        assert len(asked) == len(_compiled(name).answers)
        assert all(href.startswith(f"{BASE}/a/") for href, _ in asked)
    else:
        ((href, _),) = asked
        assert href.startswith("https://acme.example/")


@pytest.mark.parametrize("name", MAILS)
def test_the_text_part_reads_well(name: str) -> None:
    mail = _mail(name, MARIA)
    text = _body(mail, "plain")
    assert text.startswith("ACME ROBOTICS\n\nHi Maria,\n\n")
    assert not re.search(r"</?[a-z]|&[a-z]+;|\n{3}| +\n", text)
    for href, label in _Links(_body(mail, "html")).found[:-1]:
        assert f"\n\n{label}: {href}\n" in text
    assert SHIPPED.agreement.company.address in text
    assert "\n\nAda\n\n" in text


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_needs_no_picture(name: str) -> None:
    assert "<img" not in _body(_mail(name, MARIA), "html")


def test_a_field_without_a_default_would_be_noticed() -> None:
    """What these tests stand on: a hole is an error."""
    roi = SHIPPED.templates["not-ready/roi"]
    holed = replace(roi, text=roi.text.replace("lead.first_name | default('there')", "lead.title"))
    with pytest.raises(TemplateError, match=r"lead\.title is empty here"):
        _render(compile_template(holed, SHIPPED.partials), LEADS["nothing known"])
