"""The preview as somebody sees it: real files, a real server, a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.authoring.preview.desk import Desk
from tests.authoring.preview.making import change, desk_of, mail_of, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

SEEN = 15_000
"""Milliseconds that a busy machine may take to show a save."""


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page that may not complain: every message of the console is kept, and must be none."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SEEN)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    # No test leaves this machine.
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.fulfill(status=200, content_type="image/png"))
    yield page
    context.close()
    assert said == []


@pytest.fixture
def url(desk: Desk, serving: Callable[[Desk], str]) -> str:
    return serving(desk)


def _mail(page: "Page", width: str = "desktop") -> "FrameLocator":
    return page.frame_locator(f'iframe[title="The mail at {width} width"]')


def test_a_save_shows_a_mistake_shows_with_its_line_and_the_mended_mail_is_back(
    page: "Page", url: str, root: Path
) -> None:
    """Nothing is reloaded by hand, and the chosen mail and lead stay."""
    file = root / "templates/not-ready/questions.mjml"
    page.goto(f"{url}mail/not-ready/questions?lead=british&width=both")
    page.evaluate("window.unreloaded = true")
    _mail(page).get_by_text("Hi Tom").wait_for()
    _mail(page, "phone").get_by_text("Which job first?").wait_for()

    change(file, "Which job first?", "Which shift first?")
    _mail(page).get_by_text("Which shift first?").wait_for()

    good = change(file, "lead.first_name | default('there')", "lead.frist_name")
    failure = page.locator(".failure")
    failure.get_by_role("heading", name="Line 6").wait_for()
    assert "frist_name" in failure.inner_text()
    assert failure.locator("li.error .number").inner_text() == "6"
    _mail(page).get_by_text("Hi Tom").wait_for()  # as it was before

    write(file, good)
    failure.wait_for(state="detached")
    _mail(page).get_by_text("Which shift first?").wait_for()
    assert page.url == f"{url}mail/not-ready/questions?lead=british&width=both"
    assert page.evaluate("window.unreloaded") is True


def test_a_broken_agreement_is_told_and_the_mails_go_on(page: "Page", url: str, root: Path) -> None:
    page.goto(f"{url}mail/not-ready/roi")
    good = change(root / "campaigns/agreement.yaml", "half_life: 14 days", "half_life: 14 dyas")
    notice = page.locator(".notice.bad")
    notice.wait_for()
    assert "campaigns/agreement.yaml has a mistake in line 12" in " ".join(notice.inner_text().split())
    _mail(page).get_by_text("What it costs.").wait_for()
    write(root / "campaigns/agreement.yaml", good)
    notice.wait_for(state="detached")


def test_frames_have_real_widths_and_the_mails_own_colours_whatever_the_machine_likes(page: "Page", url: str) -> None:
    seen = {}
    for machine, wanted in (("dark", "light"), ("light", "dark")):
        page.emulate_media(color_scheme=machine)  # type: ignore[arg-type]
        page.goto(f"{url}mail/not-ready/roi?colours={wanted}")
        text = _mail(page).get_by_text("What it costs.")
        seen[wanted] = text.evaluate("node => getComputedStyle(node).color")
    assert seen == {"light": "rgb(0, 0, 0)", "dark": "rgb(238, 238, 238)"}
    for name, width in (("desktop", 640), ("phone", 375)):
        assert _mail(page, name).get_by_text("What it costs.").evaluate("() => innerWidth") == width


def test_a_link_shows_where_it_leads_and_the_mails_own_scripts_do_not_run(
    browser: "Browser", root: Path, serving: Callable[[Desk], str]
) -> None:
    write(root / "templates/spare/evil.html", _evil())
    desk = desk_of(root)
    desk.check_now()  # else what it finds moves the mail while it is clicked on, and the click goes astray
    page = browser.new_page()
    page.goto(f"{serving(desk)}mail/spare/evil?width=desktop")
    mail = _mail(page)
    mail.get_by_text("Evil").wait_for()
    mail.get_by_role("link", name="out").click()
    mail.get_by_text("https://acme.example/?a=1&b=2").wait_for()
    mail.get_by_role("link", name="Back to the mail").click()
    mail.get_by_text("Evil").wait_for()
    assert page.evaluate("window.ran") is None
    page.close()


def _evil() -> str:
    return (
        '---\nsubject: "Evil"\n---\n<html><head></head><body onload="top.ran = 1"><p>Evil</p>'
        '<a href="https://acme.example/?a=1&amp;b=2" onclick="top.ran = 1" target="_top">out</a>'
        '<p>{{ company.address }} <a href="{{ unsubscribe_url }}">Leave</a></p></body></html>'
    )


def test_it_fits_a_phone(page: "Page", url: str, root: Path) -> None:
    write(root / "templates/spare/long.mjml", mail_of("x" * 200, "y" * 200))
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("", "mail/not-ready/roi", "campaign/not-ready?lead=long", "problems", "file/campaigns/agreement.yaml"):
        page.goto(f"{url}{path}")
        page.wait_for_function("document.readyState === 'complete'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.get_by_role("button", name="All mails").click()
    page.get_by_role("link", name="questions").first.click()
    page.get_by_role("heading", name="Not ready yet › questions").wait_for()


_IS_WHOLE = """subject => [...document.querySelectorAll("#list .subject")].some((node) => {
  if (node.textContent !== subject) return false;
  const range = document.createRange();
  range.selectNodeContents(node);
  const words = range.getBoundingClientRect();
  for (let box = node; box.id !== "list-body"; box = box.parentElement) {
    const around = box.getBoundingClientRect();
    const cuts = getComputedStyle(box).overflow !== "visible";
    if (cuts && (words.right > around.right + 1 || words.bottom > around.bottom + 1)) return false;
  }
  return words.width > 0;
})"""


@pytest.mark.parametrize("width", [1280, 375])
def test_a_subject_as_long_as_inboxes_show_is_read_whole_in_the_list(
    page: "Page", url: str, root: Path, width: int
) -> None:
    subject = "How Northgate Stores cut two shifts to one and a half in May"
    write(root / "templates/not-ready/roi.mjml", mail_of(subject, "x"))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{url}mail/not-ready/questions")
    if width < 960:
        page.get_by_role("button", name="All mails").click()
    page.wait_for_function(_IS_WHOLE, arg=subject, timeout=3000)
