"""A workspace's letters: the shipped ones, and real ones from elsewhere."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nurture.errors import TemplateError
from nurture.facts import PROFILE_FIELDS
from nurture.mail.letters import Letters
from nurture.settings import Settings
from nurture.workspace import load_workspace
from tests.mail.making import NOW, SECRET, compiled, read, shown

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(load_workspace(ROOT), Settings(ROOT, ROOT / ".nurture", given_secret_key=SECRET))


def row(template: str, **columns: Any) -> Any:
    """A leased delivery."""
    known: dict[str, Any] = dict.fromkeys(PROFILE_FIELDS)
    known |= {"delivery_id": 1, "lead_id": 2, "campaign": "not-ready", "step": "roi", "template": template}
    known |= {"key": "k", "email": "jo@example.com", "attributes": {}, "stage": "nurture", "cycle": 1, "grade": None}
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
