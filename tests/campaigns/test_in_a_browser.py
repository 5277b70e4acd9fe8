"""The example's mails in a browser: on a phone and on a desk, by day and by night."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nurture.facts import Profile
from tests.campaigns.shipped import LEADS, MAILS, MARIA, body, mail

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SCREENS = [(375, "light"), (375, "dark"), (700, "light"), (700, "dark")]
TROUBLE = Path(__file__).with_name("legibility.js").read_text("utf-8")
SOME = ("long-term/changeovers", "long-term/safety", "not-ready/last-word", "not-ready/roi", "not-ready/timing")
"""One with each piece: card, quote, divider, table, choices."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.timeout(300),
]


@contextmanager
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield opened
        finally:
            opened.close()


def trouble(mails: dict[str, str]) -> dict[tuple[str, int, str], object]:
    """What is hard to read in these mails, on any of the screens. Pictures and everything else from outside are off."""
    found = {}
    with browser() as opened:
        for width, scheme in SCREENS:
            page = opened.new_page(viewport={"width": width, "height": 600}, color_scheme=scheme)
            page.route("**/*", lambda route: route.abort())
            for name, html in mails.items():
                page.set_content(html)
                if struggles := page.evaluate(TROUBLE):
                    found[name, width, scheme] = struggles
            page.close()
    return found


def test_each_piece_is_easy_to_read_and_to_hit() -> None:
    assert trouble({name: body(mail(name, MARIA, tracked=True), "html") for name in SOME}) == {}


@pytest.mark.soak
@pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS.keys())
def test_every_mail_is_easy_to_read_and_to_hit(lead: Profile) -> None:
    assert trouble({name: body(mail(name, lead, tracked=True), "html") for name in MAILS}) == {}


@pytest.mark.soak
def test_what_is_hard_to_read_would_be_noticed() -> None:
    html = body(mail("not-ready/timing", MARIA), "html")
    night = html.replace(".letter strong { color: #e6e9eb", ".letter strong { color: #3a464d")
    narrow = html.replace("padding:14px 16px", "padding:2px 16px")
    found = trouble({"night": night, "narrow": narrow})
    assert {(name, scheme) for name, _, scheme in found} == {("night", "dark"), ("narrow", "light"), ("narrow", "dark")}
