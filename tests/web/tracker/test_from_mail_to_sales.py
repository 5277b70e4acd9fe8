"""The whole way: a mail with tracked links, a click, the site with the tracker on it, and sales hears of it.

In real Chromium, with the names that the mail has: our address and the company's are played by the test.
"""

import json
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from nurture.mail.links import HIDDEN, read_link
from tests.flows.apps import ENVIRONMENT, one, rows
from tests.stories.test_there_and_back_again import World, lead, links, world
from tests.web.tracker.conftest import CHROME
from tests.web.tracker.visiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

__all__ = ["world"]

HEAD = '<!doctype html><title>Acme</title><script async src="https://nurture.example/nurture.js" data-key="write-key">'
PAPER = '</script><a data-nurture="Whitepaper Downloaded" href="/paper.pdf" download>The paper</a>'


@pytest.fixture
def page(world: World, browser: "Browser") -> Iterator["Page"]:
    """Jo's browser."""

    def of_nurture(route: "Route") -> None:
        request, address = route.request, urlsplit(route.request.url)
        with httpx.Client(base_url=world.web.base_url, trust_env=False) as web:
            answer = web.request(
                request.method,
                f"{address.path}?{address.query}",
                content=request.post_data_buffer,
                headers={name: value for name, value in request.headers.items() if name != "accept-encoding"},
            )
        if answer.status_code == 302:
            # Playwright would let a redirect go past the test to the network. (A real one: test_people.py.)
            there = json.dumps(answer.headers["location"])
            route.fulfill(content_type="text/html", body=f"<script>location.replace({there})</script>")
        else:
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    def of_acme(route: "Route") -> None:
        if route.request.url.endswith(".pdf"):
            route.fulfill(content_type="application/pdf", body=b"%PDF-1.4")
        else:
            route.fulfill(content_type="text/html", body=HEAD + PAPER)

    context = browser.new_context(user_agent=CHROME)
    context.set_default_timeout(20_000)
    context.route("**/*", lambda route: route.abort())
    context.route("https://nurture.example/**", of_nurture)
    context.route("https://acme.example/**", of_acme)
    yield context.new_page()
    context.close()


def button(mail: EmailMessage) -> str:
    """The first of the mail's links that a person can see."""
    for link in links(mail, "c"):
        read = read_link(ENVIRONMENT["SECRET_KEY"], link.rpartition("/")[2])
        assert read
        if read.number != HIDDEN:
            return link
    raise AssertionError("the mail has no link")


def elsewhere(action: Callable[..., object], *values: object, **more: float) -> None:
    """Let the workers work in a thread of their own: in this one runs the browser's event loop."""
    thread = threading.Thread(target=action, args=values, kwargs=more)
    thread.start()
    thread.join()


def wait_for(page: "Page", world: World, count: int, query: str) -> None:
    """Until so many events are stored; the browser goes on meanwhile."""

    def there() -> bool:
        page.wait_for_timeout(20)
        return one(world.app, f"SELECT count(*) FROM event WHERE {query}") == count

    until(there, lambda: f"{count} events where {query}")


def test_from_a_mail_to_sales(world: World, page: "Page") -> None:
    elsewhere(world.wait, weeks=3)
    mail = world.mails("jo@buyer.example")[0]
    elsewhere(world.wait, days=1)

    # Jo clicks; the address that the browser shows says nothing of who clicked.
    page.goto(button(mail))
    page.wait_for_url("https://acme.example/**")
    page.wait_for_function("!!(window.nurture && nurture.anonymousId)")
    assert urlsplit(page.url).netloc == "acme.example"
    assert "nurture_visitor" not in page.url
    wait_for(page, world, 1, "kind = 'page' AND lead_id IS NOT NULL")
    elsewhere(world.wait, minutes=2)
    assert rows(world.app, "SELECT verdict, reasons FROM event WHERE kind = 'click'") == [("human", [])]

    # On another day Jo comes back, without any link of ours, and takes an interest.
    elsewhere(world.wait, days=1)
    page.goto("https://acme.example/pricing")
    wait_for(page, world, 1, "path = '/pricing'")
    assert lead(world) == ("nurture", 1)
    with page.expect_download():
        page.click("text=The paper")
    page.goto("https://acme.example/pricing/eu")
    wait_for(page, world, 2, "path LIKE '/pricing%'")
    wait_for(page, world, 1, "name = 'Whitepaper Downloaded'")

    # Sales has the lead at once, and hears why.
    assert lead(world) == ("mql", 1)
    elsewhere(world.work)
    ((owner, because),) = rows(world.app, "SELECT owner, because FROM handoff")
    assert "pricing" in because
    assert "Jo" in str(world.mails(owner)[0]["Subject"])

    # Every event is Jo's and was counted once, and none tells how to pass for Jo.
    assert one(world.app, "SELECT count(*) FROM event WHERE lead_id IS NULL") == 0
    assert one(world.app, "SELECT count(DISTINCT anonymous_id) FROM event WHERE source <> 'mail'") == 1
    assert sorted(row.count for row in rows(world.app, "SELECT count FROM signal_day")) == [1, 1, 2]
    assert one(world.app, "SELECT count(*) FROM event WHERE event::text LIKE '%nurture_visitor%'") == 0
