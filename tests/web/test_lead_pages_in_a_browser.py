"""Pages for leads in a real browser: axe-core finds nothing, all can be reached and pressed, no script is needed."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from nurture.web.application import make_web
from tests.web.people import (
    add_address_change,
    add_confirmation,
    add_lead,
    add_mail,
    address_path,
    answer_path,
    confirm_path,
    preferences_path,
    rows,
    unsubscribe_path,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent / "accessible/node_modules/axe-core/axe.min.js"
CHROMIUM = ("chromium", "chromium-browser")
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 700}
TARGET = 44
"""CSS pixels that a finger needs (WCAG 2.2, 2.5.5)."""
SMALL = """() => [...document.querySelectorAll('button, a, select, input:not([type=hidden]), textarea')]
    .map(one => one.type === 'checkbox' ? one.closest('label') : one)
    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.9 || box.width < 43.9).map(([html]) => html)"""


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium; without it the test is skipped. For one module: see tests/authoring/preview."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """A page for which no policy is in force, so that axe can be put into it."""
    context = chromium.new_context(viewport=PHONE, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def paths(app, serving, site) -> dict[str, str]:
    """Every page in its states."""
    settings = replace(app.settings, mail_url="smtp://127.0.0.1:9")
    serving[0].app = make_web(replace(app, settings=settings))
    leads = {name: add_lead(app.engine, email=f"{name}@acme.example", key=name) for name in ("a", "b", "c")}
    mails = {name: (add_mail(app.engine, lead_id), lead_id) for name, lead_id in leads.items()}
    listed = "INSERT INTO suppression (address_hash, reason, at) SELECT sha256(email::bytea), :why, now() FROM lead "
    with app.engine.begin() as db:
        for key, why in (("b", "unsubscribed"), ("c", "bounced")):
            db.execute(text(f"{listed} WHERE key = :key"), {"why": why, "key": key})
    asked = add_address_change(app.engine, leads["a"])
    return {
        "unsubscribe": site + unsubscribe_path(*mails["a"]),
        "preferences": site + preferences_path(*mails["a"]),
        "stopped": site + preferences_path(*mails["b"]),
        "blocked": site + preferences_path(*mails["c"]),
        "answer": site + answer_path(*mails["a"]),
        "address": site + address_path(asked),
        "confirm": site + confirm_path(add_confirmation(app.engine, leads["a"])),
        "incomplete": site + "/u/x",
        "test": site + unsubscribe_path(0, 0),
    }


def faults(page: "Page") -> list[str]:
    """What axe-core finds, by the rules of WCAG 2.2 AA and good practice."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: make set-up-node")
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=str(AXE))
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def fits(page: "Page") -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_no_page_has_a_fault_and_fingers_can_press_all(page: "Page", paths: dict[str, str]) -> None:
    for name, path in paths.items():
        page.goto(path)
        assert faults(page) == [], name
        page.emulate_media(color_scheme="dark")
        assert faults(page) == [], f"{name} in the dark"
        page.emulate_media(color_scheme="light")
        assert page.evaluate(SMALL) == [], name
        assert fits(page), name
        page.set_viewport_size(DESKTOP)
        assert fits(page), name
        page.set_viewport_size(PHONE)


def test_what_comes_of_a_form_has_no_fault_either(page: "Page", paths: dict[str, str]) -> None:
    page.goto(paths["preferences"])
    page.get_by_label("Robots for your plant").uncheck()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("status").inner_text().startswith("Saved.")
    assert faults(page) == []
    page.get_by_role("button", name="For 3 months").click()
    assert "You get no mail before" in page.get_by_role("status").inner_text()
    assert faults(page) == []
    page.get_by_label("New e-mail address").fill("nobody@nowhere")
    page.get_by_role("button", name="Send the link").click()
    assert page.get_by_role("alert").inner_text().startswith("Please enter a whole e-mail address")
    assert page.get_by_label("New e-mail address").get_attribute("aria-invalid") == "true"
    assert faults(page) == []
    page.goto(paths["unsubscribe"])
    page.get_by_role("button", name="Unsubscribe").click()
    assert faults(page) == []
    page.goto(paths["answer"])
    page.get_by_role("button", name="Send this answer").click()
    assert faults(page) == []


def test_everything_works_by_keyboard_and_without_script(app, chromium: "Browser", paths: dict[str, str]) -> None:
    """With the policy in force: nothing of the page is held back by it, and nothing is asked of anybody else."""
    context = chromium.new_context(java_script_enabled=False)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(paths["unsubscribe"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert len(rows(app.engine, "SELECT * FROM suppression")) == 3
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "Welcome back" in page.get_by_role("status").inner_text()
    assert len(rows(app.engine, "SELECT * FROM suppression")) == 2
    site = paths["unsubscribe"].partition("/u/")[0]
    assert {url.startswith((site, "data:")) for url in asked} == {True}
    assert complaints == []
    context.close()
