"""One lead's whole life through the real faces: CSV in, mails over SMTP, clicks and visits over HTTP, the rep's page.

Refused as not ready → weekly mails → clicks, a webinar and pricing visits → handed over with the reasons → refused
again with a note → cycle 2 → asks for a demo → accepted → qualified → won. A scanner follows every link and changes
nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Engine

from nurture.app import App, open_app
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.import_leads import import_leads
from nurture.flows.settle import settle
from nurture.flows.tell import tell
from nurture.local.mailbox import Mailbox
from nurture.settings import read_settings
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from nurture.web.application import make_web
from tests.flows.apps import ENVIRONMENT, one, rows
from tests.web.conftest import Switch

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
CSV = """email,first_name,title,company,country,employees,timezone,reject_reason
jo@buyer.example,Jo,VP Operations,Buyer Ltd,US,900,America/Chicago,not_ready
"""


@dataclass
class World:
    """The app, its web face, its mailbox, and a clock that the story moves."""

    app: App
    web: httpx.Client
    mailbox: Mailbox
    now: datetime = MONDAY

    def wait(self, **time: float) -> None:
        """Business time passes; whatever comes due on the way is done when it does."""
        end = self.now + timedelta(**time)
        while (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.work()
        self.now = end
        self.work()

    def work(self) -> None:
        """What the workers do."""
        while advance(self.app, self.now).leads:
            pass
        deliver(self.app, lambda: self.now, seconds=20)
        settle(self.app, self.now)
        tell(self.app, self.now)

    def _next_due(self) -> datetime | None:
        query = "SELECT min(at) FROM (SELECT due_at FROM enrollment UNION ALL SELECT ask_at FROM lead) AS u(at)"
        due = one(self.app, query)
        return None if due is None or due > datetime(2030, 1, 1, tzinfo=UTC) else due

    def mails(self, recipient: str) -> list[EmailMessage]:
        stored = [self.mailbox.files.read(name) for name in self.mailbox.files.names()]
        return [mail.message() for mail in stored if mail.recipient == recipient]

    def get(self, url: str, **headers: str):
        return self.web.get(urlsplit(url).path, headers={"user-agent": CHROME, **headers}, follow_redirects=False)

    def post_event(self, kind: str, **body: object) -> None:
        sent = {"messageId": f"{kind}-{self.now.timestamp()}-{body}", "timestamp": self.now.isoformat(), **body}
        answer = self.web.post(f"/v1/{kind}", json=sent, auth=("write-key", ""))
        assert (answer.status_code, answer.json()) == (200, {"success": True})


@pytest.fixture
def world(clean_db: Engine, db_url: str, tmp_path: Path, serving: tuple[Switch, str]) -> Iterator[World]:
    switch, address = serving
    with Mailbox(tmp_path / "mailbox") as mailbox, httpx.Client(base_url=address) as web:
        variables = {"DATABASE_URL": db_url, "MAIL_URL": mailbox.addresses.smtp, "NURTURE_WORKSPACE": str(ROOT)}
        with open_app(read_settings(ENVIRONMENT | variables)) as opened:
            made: list[World] = []
            app = replace(opened, now=lambda: made[0].now)
            switch.app = make_web(app)
            made.append(World(app, web, mailbox))
            (tmp_path / "leads.csv").write_text(CSV)
            with open_sheet(tmp_path / "leads.csv", Terms.of(app.agreement, MONDAY)) as sheet:
                imported = import_leads(app, sheet, MONDAY)
            assert (imported.read, imported.created, imported.rejected) == (1, 1, 0)
            yield made[0]


def links(mail: EmailMessage, kind: str) -> list[str]:
    body = mail.get_body(("html",))
    assert body is not None
    return re.findall(rf"https://nurture\.example/{kind}/[\w-]+(?:\.gif)?", body.get_content())


def page_of(notice: EmailMessage) -> str:
    body = notice.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://nurture\.example(/h/[\w-]+)", body.get_content())
    assert found
    return found[1]


def lead(world: World) -> tuple[str, int]:
    ((stage, cycle),) = rows(world.app, "SELECT stage, cycle FROM lead")
    return stage, cycle


def test_there_and_back_again(world: World) -> None:
    # Refused by sales, kept warm: about a mail a week, never two on one day.
    assert lead(world) == ("nurture", 1)
    world.wait(weeks=3)
    mails = world.mails("jo@buyer.example")
    assert 2 <= len(mails) <= 4
    days = [row.local_on for row in rows(world.app, "SELECT local_on FROM delivery ORDER BY local_on")]
    assert all(later - earlier >= timedelta(days=7) for earlier, later in pairwise(days))

    # A scanner follows every link at once, also the hidden one and the way out: nothing happens.
    for link in [*links(mails[-1], "c"), *links(mails[-1], "u")]:
        world.get(link)
        world.web.head(urlsplit(link).path)
    world.wait(minutes=2)
    assert one(world.app, "SELECT count(*) FROM event WHERE verdict = 'human'") == 0
    assert one(world.app, "SELECT count(*) FROM suppression") == 0
    assert one(world.app, "SELECT count(*) FROM signal_day") == 0

    # Jo clicks the mail's button the next day; the site learns whose browser this is.
    world.wait(days=1)
    answer = world.get(links(mails[0], "c")[1])
    assert answer.status_code in (302, 303, 307)
    target = answer.headers["location"]
    assert target.startswith("https://acme.example/")
    assert parse_qs(urlsplit(target).query)["nurture_visitor"]
    world.post_event(
        "page", anonymousId="jos-browser", context={"page": {"url": target, "path": urlsplit(target).path}}
    )
    pricing = {"url": "https://acme.example/pricing", "path": "/pricing"}
    world.wait(minutes=2)
    for _ in range(2):
        world.post_event("page", anonymousId="jos-browser", context={"page": pricing}, n=_)
    assert lead(world) == ("nurture", 1)
    world.post_event("track", anonymousId="jos-browser", event="Webinar Attended", properties={"minutes": 45})

    # Handed over at once, with the reasons.
    assert lead(world) == ("mql", 1)
    world.work()
    (handoff,) = rows(world.app, "SELECT owner, score_micro, grade, because FROM handoff")
    assert handoff.grade == "A"
    assert handoff.score_micro >= 70_000_000
    (notice,) = world.mails(handoff.owner)
    assert "Jo" in str(notice["Subject"])
    page = page_of(notice)
    shown = world.web.get(page).text
    for word in ("Jo", "Buyer Ltd", "pricing", "webinar", "Not ready"):
        assert word.lower() in shown.lower(), word
    assert one(world.app, "SELECT state FROM handoff") == "offered", "looking at the page does nothing"

    # The rep refuses, with a note; the next cycle begins, content is not repeated.
    steps = {row.step for row in rows(world.app, "SELECT step FROM delivery WHERE state = 'sent'")}
    refusal = {"do": "reject", "reason": "no_budget", "note": "money again in spring", "by": handoff.owner}
    assert world.web.post(page, data=refusal, follow_redirects=True).status_code == 200
    assert lead(world) == ("nurture", 2)
    world.wait(days=89)
    assert one(world.app, "SELECT count(*) FROM delivery WHERE cycle = 2") == 0, "the reason's wait delays mail"
    world.wait(weeks=4)
    again = {row.step for row in rows(world.app, "SELECT step FROM delivery WHERE cycle = 2 AND state = 'sent'")}
    assert again
    assert not again & steps

    # Jo asks for a demo: a raised hand. The same rep gets the lead, sees why it was refused, accepts, qualifies, wins.
    world.post_event("track", anonymousId="jos-browser", event="Demo Requested")
    world.work()
    (second,) = rows(world.app, "SELECT id, owner, cycle, hand_raise FROM handoff WHERE state = 'offered'")
    assert (second.owner, second.cycle, second.hand_raise) == (handoff.owner, 2, True)
    page = page_of(world.mails(second.owner)[-1])
    assert "money again in spring" in world.web.get(page).text
    for form in (
        {"do": "accept"},
        {"do": "attempt", "kind": "call", "outcome": "reached"},
        {"do": "qualified"},
        {"do": "won"},
    ):
        answer = world.web.post(page, data={"by": second.owner, "note": "", **form}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
    assert lead(world) == ("customer", 2)
    assert [row.state for row in rows(world.app, "SELECT state FROM handoff ORDER BY id")] == ["rejected", "won"]

    # What the mail server holds is what we say we sent, once each.
    sent = [row.message_id for row in rows(world.app, "SELECT message_id FROM delivery WHERE state = 'sent'")]
    held = [str(mail["Message-ID"]) for mail in world.mails("jo@buyer.example")]
    assert sorted(held) == sorted(sent)


def test_one_click_unsubscribe_ends_it_and_nothing_goes_out_again(world: World) -> None:
    world.wait(weeks=2)
    mails = world.mails("jo@buyer.example")
    address = re.search(r"<(https://[^>]+)>", str(mails[0]["List-Unsubscribe"]))
    assert address
    path = urlsplit(address[1]).path
    for _ in range(2):
        answer = world.web.post(path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
        assert answer.status_code == 200
    world.wait(weeks=20)
    assert len(world.mails("jo@buyer.example")) == len(mails)
    assert one(world.app, "SELECT left_as FROM enrollment") == "unsubscribed"
