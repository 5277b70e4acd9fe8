"""The overview in a real browser: on a phone, who waits and for what can be read without pushing the table aside."""

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.web.people import NOW, REP, add_handoff, add_lead
from tests.web.test_lead_pages_in_a_browser import PHONE, chromium, faults, fits

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["chromium"]
_KNOWN = {"authorization": f"Basic {base64.b64encode(b'me:ak_test').decode()}"}
_WHOLE = """() => {
  const end = document.querySelector('.scroll').getBoundingClientRect().right;
  return [...document.querySelectorAll('.scroll td:nth-child(2) :is(span, time)')]
    .filter(one => one.getBoundingClientRect().right > end || one.getClientRects().length > 3)
    .map(one => one.textContent);
}"""
"""What is owed and is cut off, or stands on more than three lines."""


def test_on_a_phone_the_overview_shows_who_waits_and_for_what(app: Any, site: str, chromium: "Browser") -> None:
    hour = timedelta(hours=1)
    with_sales = {"state": "accepted", "accepted_at": NOW - 72 * hour, "answered_by": REP}
    made: dict[str, dict[str, Any]] = {
        "Maria": {"accept_due_at": NOW - hour, "hand_raise": True},
        "Konstantinos Papadopoulos-Anagnostopoulos": {**with_sales, "attempts_due_at": NOW + 72 * hour},
        "Li": {"accept_due_at": NOW + 30 * hour},
    }
    for n, (name, changes) in enumerate(made.items()):
        add_handoff(app.engine, add_lead(app.engine, email=f"l{n}@b.example", key=str(n), first_name=name), **changes)
    context = chromium.new_context(viewport=PHONE, bypass_csp=True, extra_http_headers=_KNOWN)
    page = context.new_page()
    page.goto(site)
    assert page.locator(".scroll tbody tr").count() == len(made)
    assert page.evaluate(_WHOLE) == []
    assert fits(page)
    assert faults(page) == []
    context.close()
