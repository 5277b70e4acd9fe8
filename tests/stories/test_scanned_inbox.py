"""Scanned inboxes: programs ask for all that is in our mails, and in the pages behind them, again and again.

Every mail of the shipped campaigns goes out over SMTP, for many leads. Then gateways GET and HEAD every link, browsers
fetch ahead, and crawlers open every page and follow what they find there, forms included, by GET; all of it at once,
and once more an hour later. Nothing may come of it but events that earn nothing. What a person among them does counts.
"""

import email
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from sqlalchemy import Engine, insert

from nurture.app import App, open_app
from nurture.flows.deliver import deliver
from nurture.flows.settle import settle
from nurture.flows.tell import handoff_url
from nurture.local.mailbox import Mailbox
from nurture.models import Cycle, Delivery, Enrollment, Lead
from nurture.settings import read_settings
from nurture.web.application import make_web
from tests.flows.apps import ENVIRONMENT
from tests.web.conftest import Switch
from tests.web.people import add_handoff, everything, rows

ROOT = Path(__file__).parents[2]
SENT = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
OURS = "https://nurture.example"
HOME = "192.0.2.77"
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
)
AHEAD = (
    {"purpose": "prefetch"},
    {"sec-purpose": "prefetch;prerender"},
    {"x-purpose": "preview"},
    {"x-moz": "prefetch"},
)
LOCALES = ("en", "de", "fr", "es", None)


@dataclass
class World:
    """The app, its address, its mailbox, and a clock that is moved by hand."""

    app: App
    site: str
    mailbox: Mailbox
    now: datetime = SENT
    asked: Counter[str] = field(default_factory=Counter)

    def mails(self) -> list["Received"]:
        return [Received.of(self.mailbox.files.read(name).message()) for name in self.mailbox.files.names()]


@dataclass(frozen=True)
class Received:
    """One mail, and every address that stands in it: in its HTML, its text, its headers."""

    to: str
    urls: tuple[str, ...]

    @classmethod
    def of(cls, message: email.message.EmailMessage) -> "Received":
        html = message.get_body(("html",)).get_content()
        text = message.get_body(("plain",)).get_content()
        header = message["List-Unsubscribe"]
        found = [*Links.of(html, OURS), *re.findall(r"https?://[^\s<>\"')]+", f"{text} {header}")]
        return cls(parseaddr(str(message["To"]))[1], tuple(dict.fromkeys(url for url in found if url.startswith(OURS))))

    def ways(self, kind: str) -> list[str]:
        return [url for url in self.urls if url.startswith(f"{OURS}/{kind}/")]


class Links(HTMLParser):
    """Whatever on a page a program could ask for: links, pictures, styles, and where its forms go."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base, self.found = base, []

    @classmethod
    def of(cls, html: str, base: str) -> list[str]:
        reader = cls(base)
        reader.feed(html)
        reader.close()
        return reader.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src", "action", "formaction", "background", "poster"):
            if given.get(name):
                self.found.append(urljoin(self.base, given[name]))
        if tag == "form":
            self.found.append(urljoin(self.base, given.get("action") or ""))


@pytest.fixture
def inbox(
    clean_db: Engine, db_url: str, tmp_path: Path, serving: tuple[Switch, str]
) -> Iterator[Callable[[int], World]]:
    """Makes a world in which so many mails have been delivered."""
    switch, address = serving
    with Mailbox(tmp_path / "mailbox") as mailbox:
        variables = {"DATABASE_URL": db_url, "MAIL_URL": mailbox.addresses.smtp, "NURTURE_WORKSPACE": str(ROOT)}
        with open_app(read_settings(ENVIRONMENT | variables)) as opened:
            made: list[World] = []
            app = replace(opened, now=lambda: made[0].now)
            switch.app = make_web(app)
            made.append(World(app, address, mailbox))

            def fill(mails: int) -> World:
                write_to(app, mails)
                deliver(app, lambda: SENT, seconds=120)
                return made[0]

            yield fill


def write_to(app: App, count: int) -> None:
    """Queue every mail of every campaign in turn, each for a lead of its own."""
    steps = [(campaign, step) for campaign in app.book.campaigns.values() for step in campaign.steps]
    turns = cycle(steps)
    leads, cycles, enrollments, deliveries = [], [], [], []
    for number, (campaign, step) in zip(range(1, count + 1), turns, strict=False):
        at = SENT - timedelta(days=30)
        leads.append({
            "email": f"lead{number}@company{number % 97}.example", "key": f"k{number}", "first_name": "Jo",
            "company": f"Company {number % 97}", "locale": LOCALES[number % len(LOCALES)], "stage": "nurture",
            "grade": "A", "refused": True, "reason": "not_ready", "cycle_started_at": at, "created_at": at,
            "updated_at": at,
        })  # fmt: skip
        cycles.append({"n": 1, "started_at": at})
        enrollments.append({"n": 1, "campaign": campaign.id, "cycle": 1, "started_at": at})
        deliveries.append({
            "campaign": campaign.id, "step": step.id, "cycle": 1, "template": step.template, "state": "queued",
            "slot_at": SENT, "slot_until": SENT + timedelta(hours=2), "local_on": date(2026, 3, 3),
            "zone": "America/Chicago", "queued_at": SENT,
        })  # fmt: skip
    with app.engine.begin() as db:
        ids = db.execute(insert(Lead.__table__).returning(Lead.__table__.c.id, sort_by_parameter_order=True), leads)
        lead_ids = [row.id for row in ids]
        of = [{"lead_id": lead_id} for lead_id in lead_ids]
        db.execute(insert(Cycle.__table__), [one | mine for one, mine in zip(cycles, of, strict=True)])
        enrolled = insert(Enrollment.__table__).returning(Enrollment.__table__.c.id, sort_by_parameter_order=True)
        ids = db.execute(enrolled, [one | mine for one, mine in zip(enrollments, of, strict=True)])
        ours = [{"enrollment_id": row.id} for row in ids]
        db.execute(insert(Delivery.__table__), [
            one | mine | these for one, mine, these in zip(deliveries, of, ours, strict=True)
        ])  # fmt: skip


@dataclass(frozen=True)
class Scanner:
    """One program at one mail. It never posts."""

    world: World
    number: int

    def look(self, urls: tuple[str, ...]) -> None:
        with httpx.Client(base_url=self.world.site, headers=self._headers(), trust_env=False, verify=False) as client:
            self._gateway(client, urls)
            self._ahead(client, urls)
            self._crawl(client, urls)

    def _headers(self) -> dict[str, str]:
        agent = BROWSERS[self.number % len(BROWSERS)]
        return {"user-agent": agent, "x-forwarded-for": f"198.51.{self.number % 250}.{self.number // 250}"}

    def _ask(self, client: httpx.Client, method: str, url: str, **headers: str) -> httpx.Response:
        parts = urlsplit(url)
        answer = client.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
        assert answer.status_code in (200, 302, 304), (answer.status_code, parts.path.partition("/")[0])
        self.world.asked[method] += 1
        return answer

    def _gateway(self, client: httpx.Client, urls: tuple[str, ...]) -> None:
        for url in urls:
            self._ask(client, "HEAD", url)
            self._ask(client, "GET", url)

    def _ahead(self, client: httpx.Client, urls: tuple[str, ...]) -> None:
        for number, url in enumerate(urls):
            self._ask(client, "GET", url, **AHEAD[(self.number + number) % len(AHEAD)])

    def _crawl(self, client: httpx.Client, urls: tuple[str, ...]) -> None:
        """Open every page, then whatever stands on it, then whatever stands there."""
        seen: set[str] = set()
        waiting = [url for url in urls if "/c/" not in url and "/o/" not in url]
        for _ in range(3):
            found = []
            for url in dict.fromkeys(waiting):
                if url not in seen and url.startswith(OURS):
                    seen.add(url)
                    answer = self._ask(client, "GET", url)
                    if "text/html" in answer.headers.get("content-type", ""):
                        found += Links.of(answer.text, url)
            waiting = found


def scan(world: World, mails: list[Received], more: list[str]) -> None:
    """Every mail by a program of its own, some of them at a time; the reps' notices, too."""
    inboxes = [*(mail.urls for mail in mails), *((url,) for url in more)]
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(Scanner(world, number).look, urls) for number, urls in enumerate(inboxes)]
    for one in done:
        one.result()


def settled(world: World, after: timedelta) -> None:
    world.now += after
    while settle(world.app, world.now).more:
        pass


def _scanned(inbox: Callable[[int], World], count: int) -> World:
    world = inbox(count)
    engine = world.app.engine
    mails = world.mails()
    assert len(mails) == count
    assert {kind: sum(bool(mail.ways(kind)) for mail in mails) for kind in "coup"} == dict.fromkeys("coup", count)
    assert sum(bool(mail.ways("a")) for mail in mails) > count / 10
    offered = [add_handoff(engine, lead_id, cycle=1) for lead_id in range(1, count, 50)]
    reps = [handoff_url(world.app, one, world.now, version=0) for one in offered]
    before = everything(engine, "event")

    world.now = SENT + timedelta(seconds=3)
    scan(world, mails, reps)
    settled(world, timedelta(minutes=5))
    world.now = SENT + timedelta(hours=1)
    scan(world, mails, reps)
    settled(world, timedelta(minutes=5))

    assert everything(engine, "event") == before  # nobody left, answered, accepted, paused, earned or was handed over
    kinds = rows(engine, "SELECT DISTINCT kind FROM event ORDER BY 1")
    assert [row["kind"] for row in kinds] == ["click", "look", "open"]
    human = rows(engine, "SELECT kind, count(*) AS n FROM event WHERE verdict <> 'automated' GROUP BY 1")
    assert human == []
    _a_person_counts(world, mails)
    return world


def _a_person_counts(world: World, mails: list[Received]) -> None:
    """Among the scanners somebody reads one mail, answers another, and leaves by a third."""
    engine = world.app.engine
    reader = next(mail for mail in mails[1:] if len(mail.ways("c")) > 1)
    asked = next(mail for mail in mails[1:] if mail.ways("a") and mail is not reader)
    gone = next(mail for mail in mails[1:] if mail not in (reader, asked))
    world.now = SENT + timedelta(hours=5)
    person = {"user-agent": BROWSERS[1], "x-forwarded-for": HOME}
    with httpx.Client(base_url=world.site, headers=person, trust_env=False, verify=False) as client:
        visible = reader.ways("c")[0]
        assert client.get(urlsplit(visible).path).status_code == 302
        client.get(urlsplit(asked.ways("a")[0]).path)
        assert client.post(urlsplit(asked.ways("a")[0]).path).status_code == 200
        client.get(urlsplit(gone.ways("u")[0]).path)
        assert client.post(urlsplit(gone.ways("u")[0]).path).status_code == 200
    settled(world, timedelta(minutes=5))
    points = rows(engine, "SELECT l.email FROM signal_day s JOIN lead l ON l.id = s.lead_id WHERE s.matcher <> ''")
    assert reader.to in {row["email"] for row in points}
    assert {row["email"] for row in points} <= {reader.to, asked.to}
    answered = rows(engine, "SELECT l.email FROM event e JOIN lead l ON l.id = e.lead_id WHERE e.kind = 'answer'")
    assert answered == [{"email": asked.to}]
    left = rows(engine, "SELECT l.email FROM enrollment e JOIN lead l ON l.id = e.lead_id "
                        "WHERE e.left_as = 'unsubscribed'")  # fmt: skip
    assert left == [{"email": gone.to}]
    assert len(rows(engine, "SELECT * FROM suppression")) == 1


@pytest.mark.slow
def test_scanners_do_nothing_to_leads_and_people_among_them_do(inbox: Callable[[int], World]) -> None:
    _scanned(inbox, 30)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_scanners_do_nothing_to_a_thousand_leads(inbox: Callable[[int], World]) -> None:
    world = _scanned(inbox, 1000)
    events = rows(world.app.engine, "SELECT kind, verdict, count(*) AS n FROM event GROUP BY 1, 2 ORDER BY 1, 2")
    print(f"\n{sum(world.asked.values()):,} requests ({dict(world.asked)}); events: {events}")  # noqa: T201
