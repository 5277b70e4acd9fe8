"""A workspace's letters: the shipped ones, and real ones from elsewhere."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nurture.campaign import Tracking
from nurture.errors import TemplateError
from nurture.facts import PROFILE_FIELDS
from nurture.mail.letters import Letters
from nurture.mail.links import read_inbound_address, read_link
from nurture.mail_settings import MailSettings
from nurture.settings import Settings
from nurture.workspace import load_workspace
from tests.mail.making import NOW, SECRET, compiled, read, shown

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
SETTINGS = Settings(ROOT, ROOT / ".nurture", given_secret_key=SECRET)


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(load_workspace(ROOT), SETTINGS)


def row(template: str, **columns: Any) -> Any:
    """A leased delivery."""
    known: dict[str, Any] = dict.fromkeys(PROFILE_FIELDS)
    known |= {"delivery_id": 1, "lead_id": 2, "campaign": "not-ready", "step": "roi", "template": template}
    known |= {"key": "k", "email": "jo@example.com", "attributes": {}, "stage": "nurture", "cycle": 1, "grade": None}
    known |= {"tracked": True}
    return SimpleNamespace(_mapping=known | columns)


def test_every_shipped_letter_reads_well_for_a_lead_of_whom_nothing_is_known(letters: Letters) -> None:
    names = list(load_workspace(ROOT).templates)
    assert names
    for name in names:
        message, text, html = read(letters.mail(row(name), NOW))
        assert "{{" not in text + html
        assert "{%" not in text + html
        assert "Unsubscribe" in text
        assert "<mj-" not in html
        assert len(html.encode()) < 90_000
        assert message["Subject"]


def test_links_are_counted_for_judging_who_clicks_them_all(letters: Letters) -> None:
    assert letters.link_count("not-ready/roi") == 1
    assert letters.link_count("no/such") == 0


def test_a_template_that_is_gone_says_so(letters: Letters) -> None:
    with pytest.raises(TemplateError, match="there is no such template"):
        letters.mail(row("not-ready/gone"), NOW)


def test_a_lead_is_known_by_its_columns(letters: Letters) -> None:
    message, text, _ = read(letters.mail(row("not-ready/three-questions", first_name="Zoë", last_name="Ünal"), NOW))
    assert message["Subject"] == "Three questions, Zoë"
    assert message["To"].addresses[0].display_name == "Zoë Ünal"
    assert "Hi Zoë," in text


def tracks(letters: Letters, **columns: Any) -> tuple[bool, bool, bool]:
    """Whether a mail sees opens, sees clicks, and tells the site of its campaign."""
    html = read(letters.mail(row("not-ready/roi", **columns), NOW))[2]
    found = [read_link(SECRET, token) for token in re.findall(r"/c/([\w-]+)", html)]
    return "/o/" in html, bool(found), any(link is not None and "utm_campaign=not-ready" in link.url for link in found)


def test_a_lead_that_is_not_to_be_tracked_is_not(letters: Letters) -> None:
    assert tracks(letters) == (True, True, True)
    assert tracks(letters, tracked=False) == (False, False, False)


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("clicks", [True, False])
@pytest.mark.parametrize("utm", [True, False])
def test_a_campaign_says_what_of_its_mails_is_seen(opens: bool, clicks: bool, utm: bool) -> None:
    workspace = load_workspace(ROOT)
    changed = {"tracking": Tracking(opens=opens, clicks=clicks), "utm": utm}
    campaigns = {**workspace.campaigns, "not-ready": workspace.campaigns["not-ready"].model_copy(update=changed)}
    letters = Letters(replace(workspace, campaigns=campaigns), SETTINGS)
    assert tracks(letters) == (opens, clicks, clicks and utm)
    assert tracks(letters, tracked=False) == (False, False, False)


def test_mails_say_where_bounces_and_answers_come_in() -> None:
    settings = replace(SETTINGS, mail=MailSettings(inbound_address="in@acme.example"))
    mail = Letters(load_workspace(ROOT), settings).mail(row("not-ready/roi"), NOW)
    assert read_inbound_address(SECRET, mail.sender) == ("b", 1)


@pytest.mark.skipif(not DATA.exists(), reason="the gallery of MJML templates is not here")
def test_mails_of_the_mjml_gallery_compile_whole() -> None:
    templates = sorted((DATA / "mjml_gallery").glob("*.mjml"))
    assert len(templates) > 10
    for path in templates:
        source = re.sub(r"\{\{\s*\w+\s*\}\}", "{{ lead.first_name }}", path.read_text())
        text, html = shown(compiled(source), {"first_name": "Ada"})
        assert "<mj-" not in html, path.name
        assert "Unsubscribe" in text, path.name
        words = set(re.findall(r"\w{6,}", re.sub(r"<[^>]+>|&\w+;|\{\{.*?\}\}", " ", source.partition("<mj-body")[2])))
        missing = {word for word in words if word not in html}
        assert not missing, (path.name, missing)
