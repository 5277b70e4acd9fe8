"""Scanners at work on the real routes, people beside them, judged by the real settling: who is taken for what?

Times are seconds after the mail was delivered. Scanners here pose as Chrome; what they say of themselves is not needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from nurture.app import App
from nurture.flows.rejudge import rejudge
from nurture.flows.settle import settle
from nurture.mail.links import visitor_token
from nurture.segment.visitor import VISITOR
from nurture.workspace import TemplateFile
from tests.web.people import NOW, SECRET, add_lead, add_mail, click_path, open_path, rows, unsubscribe_path

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)
GATEWAY, OFFICE, HOME = "198.51.100.9", "203.0.113.40", "192.0.2.77"
PIXEL, LEAVE, HIDDEN = "pixel", "leave", 0
MAIL = """---
subject: "Hello"
preheader: "A short one."
---
<html lang="en"><body>{}</body></html>
"""
ONE, THREE = "tests/one-link", "tests/three-links"


class Clock:
    """Business time, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(app: App, clock: Clock) -> App:
    """With mails that have three links, or one."""
    templates = {}
    for name, links in ((ONE, 1), (THREE, 3)):
        body = "".join(f'<p><a href="https://acme.example/{n}">Read {n}</a></p>' for n in range(1, links + 1))
        templates[name] = TemplateFile(name, Path(f"templates/{name}.html"), "html", MAIL.format(body))
    app = replace(app, now=clock, workspace=replace(app.workspace, templates=templates))
    assert (app.letters.link_count(ONE), app.letters.link_count(THREE)) == (1, 3)
    return app


@dataclass(frozen=True)
class Ask:
    """A request for a link by its number, for the pixel or for the page to leave; `after` delivery, in seconds."""

    after: float
    what: int | str
    address: str = GATEWAY
    agent: str = CHROME
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    mail: int = 0


class Post:
    """Mails to some leads, delivered at NOW, and what is asked for out of them."""

    def __init__(self, app: App, client: httpx.Client, clock: Clock, leads: int = 1, template: str = THREE) -> None:
        self.app, self.client, self.clock = app, client, clock
        self.mails: list[tuple[int, int]] = []
        for number in range(leads):
            lead = add_lead(app.engine, email=f"lead{number}@buyer.example", key=f"k{number}")
            self.mails.append((add_mail(app.engine, lead, template=template, sent_at=NOW), lead))

    def ask(self, asks: Sequence[Ask]) -> None:
        """Ask for everything, in the order given, each at its time."""
        for one in asks:
            self.clock.now = NOW + timedelta(seconds=one.after)
            mail = self.mails[one.mail]
            path = {PIXEL: open_path(*mail), LEAVE: unsubscribe_path(*mail)}.get(str(one.what))
            if path is None:
                path = click_path(*mail, f"https://acme.example/{one.what}", int(one.what))
            headers = {"user-agent": one.agent, "x-forwarded-for": one.address, **dict(one.headers)}
            assert self.client.request(one.method, path, headers=headers).status_code in (200, 302)

    def verdicts(self, asks: Sequence[Ask], *, settle_after: float = 3600) -> list[str]:
        """Ask, settle, and tell the verdict of each."""
        self.ask(asks)
        self.clock.now = NOW + timedelta(seconds=max(one.after for one in asks) + settle_after)
        while settle(self.app, self.clock.now).more:
            pass
        return [row["verdict"] for row in rows(self.app.engine, "SELECT verdict FROM event ORDER BY id")]

    def reasons(self) -> set[str]:
        return {said for row in rows(self.app.engine, "SELECT reasons FROM event") for said in row["reasons"]}


@pytest.fixture
def post(app: App, client: httpx.Client, clock: Clock) -> Post:
    return Post(app, client, clock)


SCANNERS = {
    "at once, all links, as Barracuda does": [Ask(1 + n / 10, what) for n, what in enumerate([1, 2, 3, HIDDEN, LEAVE])],
    "at once, later, from several addresses": [Ask(300 + n / 5, n, f"198.51.100.{n}") for n in (1, 2, 3)],
    "some links, seconds after, as Proofpoint does": [Ask(4, 1), Ask(9, 2), Ask(16, 3)],
    "some links, a little later": [Ask(8, 1), Ask(13, 3)],
    "before the mail has arrived": [Ask(-2, 1), Ask(-1, 2)],
    "HEAD, then GET, as Mimecast does": [Ask(40, 1, method="HEAD"), Ask(41, 1), Ask(70, 2, method="HEAD"), Ask(72, 2)],
    "one by one, the hidden link last": [Ask(200, 1), Ask(225, 2), Ask(250, 3), Ask(280, HIDDEN)],
    "slowly, all links and the hidden one": [Ask(100, 1), Ask(190, 2), Ask(330, 3), Ask(420, HIDDEN)],
    "slowly, all links and the one to leave": [Ask(100, 1), Ask(190, 2), Ask(330, 3), Ask(500, LEAVE)],
    "every link within a minute": [Ask(100, 1), Ask(120, 2), Ask(159, 3)],
    "every link at once, and the pixel": [Ask(30, PIXEL), Ask(31, 1), Ask(31.5, 2), Ask(32, 3), Ask(38, 1)],
    "a mail program that loads pages ahead": [Ask(90, 1, HOME, headers=(("purpose", "prefetch"),))],
    "a browser that renders pages ahead": [Ask(90, 2, HOME, headers=(("sec-purpose", "prefetch;prerender"),))],
    "Slack's preview": [Ask(900, 1, agent="Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")],
    "WhatsApp's preview": [Ask(900, 1, agent="WhatsApp/2.23.20.0 A")],
    "iMessage's preview": [
        Ask(900, 1, agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
            "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"),
    ],
    "Teams' preview": [Ask(900, 1, agent="Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5")],
    "Apple's pictures": [Ask(20, PIXEL, agent="Mozilla/5.0"), Ask(4000, PIXEL, agent="Mozilla/5.0")],
    "Gmail's pictures": [
        Ask(4000, PIXEL, agent="Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 "
            "(via ggpht.com GoogleImageProxy)")
    ],
    "Yahoo's pictures": [Ask(4000, PIXEL, agent="YahooMailProxy; https://help.yahoo.com/kb/SLN28749.html")],
}  # fmt: skip

PEOPLE = {
    "reads quickly": [Ask(12, PIXEL, HOME), Ask(20, 1, HOME)],
    "clicks two links in ten seconds": [Ask(120, 1, HOME), Ask(130, 2, HOME)],
    "clicks the same link twice at once": [Ask(60, 1, HOME), Ask(60.4, 1, HOME)],
    "reads two links of three in a minute": [Ask(40, 1, HOME), Ask(75, 3, HOME)],
    "reads everything, in its own time": [Ask(60, 1, HOME), Ask(110, 2, HOME), Ask(170, 3, HOME)],
    "comes back days later": [Ask(90, 1, HOME), Ask(3 * 86400, 2, HOME, SAFARI), Ask(9 * 86400, 3, HOME)],
    "on the phone, then at the desk": [Ask(30, PIXEL, HOME, SAFARI), Ask(45, 1, HOME, SAFARI), Ask(200, 1, OFFICE)],
    "looks at how to leave, and stays": [Ask(100, LEAVE, HOME), Ask(130, 1, HOME)],
    "after the scanner, from the same office": [Ask(300, 2)],
}  # fmt: skip


@pytest.mark.parametrize("name", SCANNERS)
def test_scanners_are_programs(post: Post, name: str) -> None:
    assert set(post.verdicts(SCANNERS[name])) == {"automated"}


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_people(post: Post, name: str) -> None:
    assert set(post.verdicts(PEOPLE[name])) == {"human"}, post.reasons()


@pytest.mark.parametrize(
    "asks",
    [
        [Ask(30, 1), Ask(30.3, HIDDEN), Ask(30.9, LEAVE)],
        [Ask(200, 1), Ask(240, HIDDEN)],
        [Ask(200, 1), Ask(300, HIDDEN), Ask(420, LEAVE)],
        [Ask(30, PIXEL), Ask(30.5, 1), Ask(32, LEAVE)],
    ],
)
def test_a_mail_with_one_link_catches_them_too(app: App, client: httpx.Client, clock: Clock, asks: list[Ask]) -> None:
    assert set(Post(app, client, clock, template=ONE).verdicts(asks)) == {"automated"}


@pytest.mark.parametrize("asks", [[Ask(20, 1)], [Ask(60, PIXEL), Ask(61, 1)], [Ask(60, 1), Ask(90, LEAVE)]])
def test_people_click_the_only_link_as_they_like(app: App, client: httpx.Client, clock: Clock, asks: list[Ask]) -> None:
    assert set(Post(app, client, clock, template=ONE).verdicts(asks)) == {"human"}


BEFORE_THEM = "at once, all links, as Barracuda does"


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_people_behind_a_scanner_too(post: Post, name: str) -> None:
    asks = [*SCANNERS[BEFORE_THEM], *PEOPLE[name]]
    scanned = len(SCANNERS[BEFORE_THEM])
    verdicts = post.verdicts(sorted(asks, key=lambda ask: ask.after))
    assert verdicts == ["automated"] * scanned + ["human"] * (len(asks) - scanned), post.reasons()


def test_a_proxied_open_is_told_from_a_scanners(post: Post) -> None:
    post.verdicts([ask for name in SCANNERS if "pictures" in name for ask in SCANNERS[name]])
    assert {said.split(":")[0] for said in post.reasons()} == {"proxied"}
    assert {said.split()[1] for said in post.reasons()} == {"Gmail", "Yahoo", "Apple"}


def test_programs_earn_nothing_and_people_beside_them_do(app: App, client: httpx.Client, clock: Clock) -> None:
    post = Post(app, client, clock, leads=2)
    person = [Ask(400, 1, HOME, mail=1)]
    post.verdicts([*SCANNERS[BEFORE_THEM], *(replace(ask, mail=1) for ask in SCANNERS[BEFORE_THEM]), *person])
    counts = rows(app.engine, "SELECT lead_id, count FROM signal_day")
    assert counts == [{"lead_id": post.mails[1][1], "count": 1}]
    assert rows(app.engine, "SELECT id FROM lead WHERE engaged_at IS NOT NULL") == [{"id": post.mails[1][1]}]


@pytest.mark.parametrize("leads", [5, 20])
def test_one_address_over_many_recipients_is_a_scanner(
    app: App, client: httpx.Client, clock: Clock, leads: int
) -> None:
    """One link of each mail, minutes or hours after delivery: nothing but the many gives it away."""
    start = 60 if leads == 5 else 7200
    post = Post(app, client, clock, leads)
    asks = [Ask(start + 9 * n / leads, 1, mail=n) for n in range(leads)]
    assert set(post.verdicts(asks)) == {"automated"}
    assert post.reasons() == {"the same address looked through the mails of many leads within a moment"}


@pytest.mark.parametrize(
    "asks",
    [
        [Ask(60 + 9 * n, 1, OFFICE, mail=n) for n in range(12)],
        [Ask(60 + n, 1, OFFICE, mail=n) for n in range(4)],
        [Ask(3600 + n / 2, 1, OFFICE, mail=n) for n in range(12)],
        [Ask(60 + n, 1, OFFICE, CHROME.replace("142", str(130 + n)), mail=n) for n in range(12)],
        [Ask(60 + n, 1, "10.1.2.3", mail=n) for n in range(12)],
        [Ask(60 + n, 1, "2001:db8:1::5" if n < 4 else f"2001:db8:{n}::5", mail=n) for n in range(12)],
        [Ask(60 + n, PIXEL, OFFICE, mail=n) for n in range(12)],
    ],
    ids=[
        "a dozen in two minutes, one office, one browser",
        "four at the same moment",
        "a dozen at the same moment, an hour after the mails",
        "a dozen at the same moment with a browser each",
        "a proxy of our own that names nobody",
        "networks of their own",
        "pictures in an office",
    ],
)
def test_people_who_share_an_address_are_people(app: App, client: httpx.Client, clock: Clock, asks: list[Ask]) -> None:
    post = Post(app, client, clock, leads=12)
    assert set(post.verdicts(asks)) == {"human"}, post.reasons()


def test_the_last_half_of_an_ipv6_address_changes_nothing(app: App, client: httpx.Client, clock: Clock) -> None:
    post = Post(app, client, clock, leads=6)
    assert set(post.verdicts([Ask(60 + n, 1, f"2001:db8:7:7::{n:x}", mail=n) for n in range(6)])) == {"automated"}


def test_a_slow_scanner_is_known_by_what_it_does_last_and_what_it_earned_is_taken_back(
    app: App, client: httpx.Client, clock: Clock
) -> None:
    post = Post(app, client, clock)
    assert post.verdicts([Ask(100, 1), Ask(150, 2)], settle_after=61) == ["human", "human"]
    assert rows(app.engine, "SELECT count FROM signal_day") == [{"count": 2}]
    post.ask([Ask(230, 3)])
    assert set(post.verdicts([Ask(250, HIDDEN)], settle_after=61)) == {"automated"}
    assert rows(app.engine, "SELECT count FROM signal_day") == []
    assert rows(app.engine, "SELECT engaged_at FROM lead") == [{"engaged_at": None}]
    revised = rows(app.engine, "SELECT link FROM event WHERE revised_at IS NOT NULL ORDER BY link")
    assert [row["link"] for row in revised] == [1, 2]


def test_verdicts_turn_back_when_it_is_known_that_the_mail_was_there_before(
    app: App, client: httpx.Client, clock: Clock
) -> None:
    """A mail whose answer was lost is found to have been sent long ago."""
    post = Post(app, client, clock)
    assert post.verdicts([Ask(3, 1, HOME)], settle_after=61) == ["automated"]
    with app.engine.begin() as db:
        db.execute(text("UPDATE delivery SET sent_at = :at"), {"at": NOW - timedelta(hours=1)})
    assert post.verdicts([Ask(700, 2, HOME)], settle_after=61) == ["human", "human"]
    assert rows(app.engine, "SELECT count FROM signal_day") == [{"count": 2}]


asks = st.lists(
    st.builds(
        Ask,
        st.sampled_from([2.0, 8.0, 30.0, 31.0, 55.0, 100.0, 130.0, 200.0, 420.0, 1500.0]),
        st.sampled_from([0, 1, 2, 3, PIXEL, LEAVE]),
        st.sampled_from([GATEWAY, OFFICE, HOME]),
        st.sampled_from([CHROME, SAFARI]),
        st.sampled_from(["GET", "GET", "GET", "HEAD"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asks=asks, seed=st.integers(0, 99))
def test_it_does_not_matter_in_which_order_hits_come_nor_how_often_they_are_settled(
    app: App, client: httpx.Client, clock: Clock, asks: list[Ask], seed: int
) -> None:
    told = []
    for often in (False, True):
        _forget_everything(app)
        post = Post(app, client, clock)
        if often:
            for ask in Random(seed).sample(asks, len(asks)):
                post.verdicts([ask], settle_after=61)
        else:
            post.verdicts(asks)
        key = "link, name, occurred_at, agent, hit, address_hash, verdict, reasons"
        told.append([
            sorted(str(row) for row in rows(app.engine, f"SELECT {key} FROM event")),
            rows(app.engine, "SELECT matcher, day, count FROM signal_day"),
            rows(app.engine, "SELECT engaged_at FROM lead"),
        ])  # fmt: skip
    assert told[0] == told[1]


def _forget_everything(app: App) -> None:
    with app.engine.begin() as db:
        db.execute(text("TRUNCATE lead, event CASCADE"))


def told(client: httpx.Client, post: Post, after: float, browser: str, **more: object) -> None:
    """A page tells of itself with the token that the mail's link brought, as the script on it does."""
    post.clock.now = NOW + timedelta(seconds=after)
    token = visitor_token(SECRET, post.mails[0][1])
    url = f"https://acme.example/pricing?{VISITOR}={token}"
    said = {"messageId": f"{browser}{after}", "anonymousId": browser, "timestamp": post.clock.now.isoformat()}
    said |= {"properties": {"url": url, "path": "/pricing"}, "context": {"userAgent": CHROME}} | more
    assert client.post("/v1/page", json=said, auth=("wk_test", "")).status_code == 200


def pages(app: App) -> list[str]:
    return [row["verdict"] for row in rows(app.engine, "SELECT verdict FROM event WHERE kind = 'page' ORDER BY id")]


def test_a_scanner_that_runs_scripts_earns_nothing_by_what_its_pages_tell(
    post: Post, client: httpx.Client, app: App
) -> None:
    post.ask([Ask(2, 1)])
    told(client, post, 4, "its own")
    assert pages(app) == ["human"]
    assert sum(row["count"] for row in rows(app.engine, "SELECT count FROM signal_day")) == 1
    post.verdicts([Ask(2.2, 2)])
    assert pages(app) == ["automated"]
    assert rows(app.engine, "SELECT count FROM signal_day") == []
    done = rejudge(app, post.clock.now)
    assert (done.to_human, done.to_automated) == (0, 0)


def test_what_people_do_while_a_scanner_is_at_work_is_theirs(post: Post, client: httpx.Client, app: App) -> None:
    told(client, post, -300, "somebody who reads our site")
    post.ask([Ask(2, 1), Ask(2.2, 2)])
    told(client, post, 4, "somebody who reads our site")
    told(client, post, 6, "another browser", context={"userAgent": SAFARI})
    told(client, post, 30, "later")
    post.ask([Ask(101, 1, HOME), Ask(100, 1, method="HEAD")])
    told(client, post, 103, "who clicked")
    post.verdicts([Ask(200, 3, HOME)])
    assert set(pages(app)) == {"human"}
    done = rejudge(app, post.clock.now)
    assert (done.to_human, done.to_automated) == (0, 0)
