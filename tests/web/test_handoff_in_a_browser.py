"""The rep's page in a real browser, on a phone: axe-core finds nothing, all can be pressed, no script is needed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.people import (
    NOW,
    OTHER,
    REP,
    add_attempt,
    add_event,
    add_handoff,
    add_lead,
    add_mail,
    handoff_path,
    rows,
)
from tests.web.test_lead_pages_in_a_browser import DESKTOP, PHONE, SMALL, chromium, faults, fits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["chromium"]
NARROW = {"width": 320, "height": 640}
_SMALL = SMALL.replace("one.type === 'checkbox'", "['checkbox', 'radio'].includes(one.type)")


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """A phone for which no policy is in force, so that axe can be put into it."""
    context = chromium.new_context(viewport=PHONE, bypass_csp=True)
    yield context.new_page()
    context.close()


def handoff_of(app: Any, name: str, *, lead: dict[str, Any] | None = None, **changes: Any) -> int:
    """A handoff of a lead who can be called, with something of everything."""
    attributes = {"phone": "+1 (312) 555-0100", "plan": "trial"}
    values = {"email": f"{name}@acme.example", "key": name, "attributes": attributes, **(lead or {})}
    lead_id = add_lead(app.engine, **values)
    add_mail(app.engine, lead_id)
    add_event(app.engine, lead_id, message_md5=f"00000000-0000-0000-0000-{lead_id:012d}", path=f"/pricing/{'x' * 150}")
    return add_handoff(app.engine, lead_id, **changes)


@pytest.fixture
def paths(app: Any, site: str) -> dict[str, str]:
    """The page in its states."""
    hostile = "<script>alert(1)</script>\u202e" + "x" * 200
    late = {"accept_due_at": NOW - timedelta(hours=1), "hand_raise": True}
    with_sales = {"accepted_at": NOW - timedelta(days=3), "answered_by": REP}
    accepted = handoff_of(app, "accepted", state="accepted", attempts_due_at=NOW + timedelta(days=3), **with_sales)
    add_attempt(app.engine, accepted)
    closed = {"state": "rejected", "closed_at": NOW, "reason": "no_budget", "note": "not <before> April"}
    made = {
        "offered": handoff_of(app, "offered"),
        "late": handoff_of(app, "late", **late),
        "accepted": accepted,
        "closed": handoff_of(app, "closed", **closed),
        "hostile": handoff_of(app, "hostile", lead={"first_name": hostile, "title": hostile}, because=hostile),
    }
    found = {name: site + handoff_path(handoff) for name, handoff in made.items()}
    found["reject"] = f"{found['offered']}?open=reject#reject"
    found["expired"] = site + handoff_path(made["offered"], NOW)
    return found


def test_in_no_state_has_the_page_a_fault_and_fingers_can_press_all(page: "Page", paths: dict[str, str]) -> None:
    del paths["offered"]  # `reject` is the same, and more of it is open
    for name, path in paths.items():
        page.goto(path)
        assert faults(page) == [], name
        if name in ("late", "accepted"):
            page.emulate_media(color_scheme="dark")
            assert faults(page) == [], f"{name} in the dark"
            page.emulate_media(color_scheme="light")
        page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(_SMALL) == [], name
        for size in (NARROW, DESKTOP, PHONE):
            page.set_viewport_size(size)
            assert fits(page), (name, size)


def test_a_finger_that_presses_twice_accepts_once(app: Any, chromium: "Browser", paths: dict[str, str]) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, has_touch=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(paths["offered"])
    assert page.get_by_role("link", name="Call +1 (312) 555-0100").get_attribute("href") == "tel:+13125550100"
    page.get_by_role("button", name="Accept").dblclick()
    page.get_by_role("status").wait_for()
    assert page.get_by_role("status").inner_text() == f"Saved. Accepted by {REP}."
    accepted = "SELECT by FROM handoff_change WHERE what = 'accepted'"
    assert rows(app.engine, accepted) == [{"by": REP}]
    page.get_by_label("Call").first.check()
    page.get_by_label("Not reached").first.check()
    page.get_by_role("button", name="Log the attempt").dblclick()
    page.get_by_text("1 of 6 attempts made").wait_for()
    assert complaints == []
    context.close()


def test_the_second_of_two_reps_sees_what_the_first_did_and_keeps_what_was_typed(
    app: Any, chromium: "Browser", paths: dict[str, str]
) -> None:
    first, second = (chromium.new_context(viewport=PHONE, java_script_enabled=False) for _ in range(2))
    one, two = first.new_page(), second.new_page()
    one.goto(paths["offered"])
    two.goto(paths["reject"])
    one.get_by_role("button", name="Accept").click()
    one.get_by_role("status").wait_for()
    form = two.locator("#reject")
    form.get_by_label("No budget this year").check()
    form.get_by_label("In your own words").fill("Not before April,\nsays the boss")
    form.get_by_label("You are").fill(OTHER)
    form.get_by_role("button", name="Reject this lead").click()
    assert f"accepted by {REP}" in two.get_by_role("alert").inner_text()
    assert form.get_by_label("In your own words").input_value() == "Not before April,\nsays the boss"
    assert form.get_by_label("No budget this year").is_checked()
    assert rows(app.engine, "SELECT state FROM handoff WHERE id = 1") == [{"state": "accepted"}]
    two.get_by_role("link", name="What you typed is still there.").click()
    assert two.url.endswith("#reject")
    first.close()
    second.close()
