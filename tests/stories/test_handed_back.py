"""A lead that sales refused, from the first mail to the won deal, and what every report makes of it.

Refused as not ready → four weekly mails → a webinar and two pricing visits → handed over on all channels → nobody
answers → reminded, reported, given to somebody else, taken back → cycle 2 → handed back → six attempts → sql → won.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.reports.campaigns import campaigns
from nurture.reports.delivery import delivery
from nurture.reports.funnel import funnel
from nurture.reports.grades import grades
from nurture.reports.interest import interest
from nurture.reports.recycled import recycled
from nurture.reports.rejects import rejects
from nurture.reports.report import Report
from nurture.reports.sla import sla
from tests.flows.apps import one, rows
from tests.stories.handing_back import KEY, World, only, page_of, text_of, world
from tests.web.conftest import Switch

JO = "jo@buyer.example"
MANAGER = "sales-manager@acme.example"
PERSON = {
    "email": JO, "first_name": "Jo", "last_name": "Miller", "title": "VP Operations", "company": "Buyer Ltd",
    "country": "US", "employees": 900, "industry": "manufacturing", "timezone": "America/Chicago", "source": "website",
}  # fmt: skip


@pytest.fixture
def life(clean_db: Engine, db_url: str, tmp_path: Path, serving: tuple[Switch, str]) -> Iterator[World]:
    with world(db_url, tmp_path, serving) as made:
        yield made


def test_handed_back(life: World) -> None:
    refused_by_sales(life)
    four_weekly_mails(life)
    first = ready(life)
    packet_on_all_channels(life, first)
    nobody_answers(life, first)
    second = round_two(life)
    won(life, second)
    reports_count_it_right(life)


def refused_by_sales(life: World) -> None:
    """The CRM tells of a lead, and that sales does not want it."""
    assert life.web.post("/api/leads", json=PERSON, headers=KEY).status_code in (200, 201)
    said = {"reason": "not_ready", "note": "call again when the line is up", "by": "rep.one@acme.example"}
    assert life.web.post(f"/api/leads/{JO}/reject", json=said, headers=KEY).status_code == 200
    assert life.lead() == ("nurture", 1)


def four_weekly_mails(life: World) -> None:
    """One a week, in the lead's morning, never two on one day."""
    while len(life.received()) < 4:
        life.wait(days=1)
        assert life.now < life.app.now() + timedelta(days=1)
    assert life.received() == ["questions", "proof", "roi", "timing"]
    days = [row.local_on for row in rows(life.app, "SELECT local_on FROM delivery WHERE state = 'sent' ORDER BY 1")]
    assert all(timedelta(days=7) <= later - earlier <= timedelta(days=9) for earlier, later in pairwise(days))
    assert len(life.mails(JO)) == 4
    assert one(life.app, "SELECT count(*) FROM handoff") == 0


def ready(life: World) -> int:
    """A webinar, and two visits to the price list: over the line, and not before."""
    life.did("identify", userId="u-7", anonymousId="jos-browser", traits={"email": JO})
    to_a_working_morning(life)
    life.did("track", userId="u-7", event="Webinar Attended", properties={"minutes": 45})
    life.wait(days=1)
    assert life.lead() == ("nurture", 1)
    life.did("page", anonymousId="jos-browser", context={"page": {"path": "/pricing"}}, n=1)
    assert life.lead() == ("nurture", 1), "48.6 points of 50"
    life.did("page", anonymousId="jos-browser", context={"page": {"path": "/pricing"}}, n=2)
    assert life.lead() == ("mql", 1)
    life.work()
    (handoff,) = rows(life.app, "SELECT id, state, cycle FROM handoff")
    assert (handoff.state, handoff.cycle) == ("offered", 1)
    assert rows(life.app, "SELECT status, left_as FROM enrollment ORDER BY n DESC LIMIT 1") == [("ended", "qualified")]
    return int(handoff.id)


def packet_on_all_channels(life: World, handoff: int) -> None:
    """The same packet by mail, in Slack, over the webhook and on the rep's page."""
    owner = one(life.app, "SELECT owner FROM handoff")
    (mail,), (card,), (hook,) = life.news(owner), life.cards(), life.hooks()
    page = life.web.get(page_of(mail)).text
    for told in (text_of(mail), str(card), page):
        for word in ("Jo Miller", "Buyer Ltd", "Webinar", "pricing", "Not ready", "Decision maker"):
            assert word.lower() in told.lower(), word
    for told in (text_of(mail), page):
        assert "call again when the line is up" in told
    data = hook["data"]
    assert (hook["type"], data["lead"]["email"], data["handoff"]["id"]) == ("lead.requalified", JO, handoff)
    assert (data["grade"], data["handoff"]["cycle"], data["owner"]) == ("A", 1, owner)
    assert {row["signal"]: row["counted"] for row in data["rows"]} == {"webinar": 1, "pricing_page": 2}
    assert data["score"] == pytest.approx(68.55, abs=0.01)
    assert len(data["mails"]) == 4
    (refusal,) = data["earlier"]
    assert (refusal["reason"], refusal["note"]) == ("not_ready", "call again when the line is up")
    assert one(life.app, "SELECT state FROM handoff") == "offered", "looking at the page does nothing"


def nobody_answers(life: World, handoff: int) -> None:
    """Reminded, reported, given to somebody else, and taken back: each once, in working hours."""
    first_owner = one(life.app, "SELECT owner FROM handoff")
    for _ in range(20):
        life.wait(days=1)
        if life.lead()[0] == "nurture":
            break
    assert life.lead() == ("nurture", 2)
    assert life.log(handoff) == ["offered", "reminded", "escalated", "reminded", "reassigned", "returned"]
    climbed = rows(life.app, "SELECT promise, rung, action, at FROM breach ORDER BY at, id")
    assert [(row.promise, row.rung, row.action, f"{row.at:%a %H:%M}") for row in climbed] == [
        ("accept", 1, "remind", "Tue 20:00"),  # ten in the morning in Chicago, and four working hours
        ("accept", 2, "escalate", "Wed 16:00"),
        ("first_attempt", 1, "remind", "Wed 16:00"),
        ("accept", 3, "reassign", "Wed 20:00"),
        ("accept", 4, "return_to_nurture", "Thu 16:00"),
    ]
    (row,) = rows(life.app, "SELECT state, reason, owner FROM handoff")
    assert (row.state, row.reason) == ("returned", "no_follow_up")
    assert row.owner != first_owner, "it was given to somebody else in between"
    assert [len(life.news(who)) for who in (first_owner, MANAGER, row.owner)] == [3, 2, 2]
    told = [hook["type"] for hook in life.hooks()]
    assert sorted(told) == [
        "handoff.escalated", "handoff.reassigned", "handoff.reminded", "handoff.reminded", "handoff.returned",
    ]  # fmt: skip
    assert len(life.cards()) == len(told)


def round_two(life: World) -> int:
    """Back in nurture with what is left to read; only what it does from now on counts."""
    before = life.received()
    while len(life.received()) == len(before):
        life.wait(days=1)
    assert set(life.received()[len(before) :]).isdisjoint(before), "no mail comes twice"
    to_a_working_morning(life)
    life.did("page", anonymousId="jos-browser", context={"page": {"path": "/pricing"}}, n=3)
    assert life.lead() == ("nurture", 2), "what sales let lie once does not bounce straight back"
    life.did("track", userId="u-7", event="Webinar Attended", properties={"minutes": 30})
    assert life.lead() == ("mql", 2)
    life.work()
    (row,) = rows(life.app, "SELECT id, owner, cycle FROM handoff WHERE state = 'offered'")
    assert (row.cycle, row.owner) == (2, MANAGER), "both reps let it lie, so neither gets it again"
    return int(row.id)


def won(life: World, handoff: int) -> None:
    """Accepted, tried six times over three days, an opportunity, a customer."""
    owner = one(life.app, "SELECT owner FROM handoff WHERE id = :id", id=handoff)
    page = page_of(life.news(owner)[-1])
    assert "no follow" in life.web.get(page).text.lower(), "the page says why it came back"
    assert life.press(page, owner, "accept").status_code == 200
    assert life.lead() == ("sal", 2)
    for n in range(6):
        if n:
            life.wait(hours=4 if n % 2 else 20)
        outcome = "reached" if n == 5 else "not_reached"
        assert life.press(page, owner, "attempt", kind="call", outcome=outcome).status_code == 200
    assert one(life.app, "SELECT count(*) FROM attempt WHERE handoff_id = :id", id=handoff) == 6
    life.wait(days=20)
    assert life.press(page, owner, "qualified").status_code == 200
    assert life.lead() == ("sql", 2)
    life.wait(days=10)
    assert life.press(page, owner, "won", note="two cells").status_code == 200
    assert life.lead() == ("customer", 2)
    life.wait(days=10)
    assert life.received()[-1] == "first-quarter", "and is written to as a customer from now on"
    log = life.log(handoff)
    assert log == ["offered", "accepted", *["attempt"] * 6, "contacted", "qualified", "won"]
    assert one(life.app, "SELECT count(*) FROM breach WHERE handoff_id = :id", id=handoff) == 0


def reports_count_it_right(life: World) -> None:
    """One lead, two handoffs, one of them won: in every report, to the lead."""

    def told(make: Any, **more: Any) -> Report:
        report: Report = make(life.app, since=None, until=None, now=life.now, **more)
        return report

    by_cycle = {(row["cycle"], row["source"]): row for row in told(funnel).rows}
    names = ("mql", "sal", "sql", "won", "returned")
    assert only(by_cycle[1, "website"], *names) == {"mql": 1, "sal": 0, "sql": 0, "won": 0, "returned": 1}
    assert only(by_cycle[2, "website"], *names) == {"mql": 1, "sal": 1, "sql": 1, "won": 1, "returned": 0}
    whole = told(funnel).total
    assert only(whole, "mql", "sal", "sql", "won") == {"mql": 2, "sal": 1, "sql": 1, "won": 1}

    of_reasons = {row["reason"]: row for row in told(rejects).rows}
    assert of_reasons["no_follow_up"]["returned"] == 1
    assert of_reasons["not_ready"]["refusals"] == 1

    kept = told(sla).total
    names = ("volume", "met", "breached", "attempts", "attempts_per_lead", "returned")
    assert only(kept, *names) == {
        "volume": 2, "met": 1, "breached": 1, "attempts": 6, "attempts_per_lead": 6, "returned": 1,
    }  # fmt: skip

    rounds = {row["cycles"]: row for row in told(recycled).rows}
    assert sum(row["won"] for row in rounds.values()) == 1
    assert sum(row["handed_over"] for row in rounds.values()) == 2
    assert told(recycled).total["recycled_won"] == 1

    sources = told(interest)
    assert sources.total["active"] == 1
    assert sum(row["won"] for row in sources.rows) == 1

    (grade,) = told(grades).rows
    assert only(grade, "grade", "handed_over", "accepted", "won") == {
        "grade": "A", "handed_over": 2, "accepted": 1, "won": 1,
    }  # fmt: skip

    sent = one(life.app, "SELECT count(*) FROM delivery WHERE state = 'sent'")
    assert sum(row["sent"] for row in told(campaigns).rows) == sent == len(life.mails(JO))
    assert sum(row["requalified"] for row in told(campaigns).rows) == 2
    assert told(delivery).total["sent"] == sent


def to_a_working_morning(life: World) -> None:
    """Wait for the next Monday, ten o'clock in Chicago: the clock of sales runs for days on end."""
    days = (7 - life.now.weekday()) % 7 or 7
    morning = (life.now + timedelta(days=days)).replace(hour=16, minute=0, second=0, microsecond=0)
    life.wait(seconds=(morning - life.now).total_seconds())
