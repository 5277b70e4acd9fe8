"""The same files mean the same: a CSV, and events that come over HTTP in production and from a file in simulation."""

from datetime import datetime, timedelta
from pathlib import Path

import orjson

from nurture.campaign import Campaign
from nurture.lab.letters import Letters
from nurture.lab.running import Aside, Asked, run
from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person, Terms
from nurture.sheets.sheet import open_sheet
from nurture.web.keys import WriteKeys
from nurture.web.segment import Decoded, decode
from tests.lab import simulation
from tests.lab.production import app_for
from tests.lab.scenarios import Scenario
from tests.lab.stage import Stage
from tests.lab.stories import differences
from tests.rules.examples import utc
from tests.rules.lives import book_of, campaign_of

START = utc(2026, 3, 2, 15, 4, 17)
LEADS = """\
E-Mail;Job title;Company;Country;Employees;Time zone;Reject reason;Rejected at;Plan
jo@buyer.example;VP Operations;Buyer Ltd;US;1,200;America/Denver;not_ready;2026-02-20;trial
BO@Buyer.Example;Clerk;;FR;20;Europe/Paris;;;
bo@buyer.example;Head of Sales;;;;;No follow-up;2026-02-27T10:00:00+01:00;
not an address;;;;;;;;
cy@mill.example;;;;;asia/kolkata;;;
"""
EVENTS: tuple[dict[str, object], ...] = (
    {"type": "page", "anonymousId": 4711, "context": {"page": {"url": "https://acme.example/pricing?x=1"}}},
    {"type": "identify", "anonymousId": "4711", "traits": {"email": "CY@mill.example", "timezone": "Europe/London"}},
    {"type": "page", "anonymousId": "4711", "properties": {"path": "/pricing"}, "messageId": "once"},
    {"type": "page", "anonymousId": "4711", "properties": {"path": "/pricing"}, "messageId": "once"},
    {
        "type": "identify",
        "userId": "u1",
        "context": {"traits": {"email": "jo@buyer.example", "company": {"name": "B"}}},
    },
    {"type": "track", "userId": "u1", "event": "Whitepaper Downloaded"},
    {"type": "track", "userId": "jo@buyer.example", "event": "Webinar Attended", "properties": {"minutes": 30}},
    {"type": "page", "userId": "u1", "context": {"userAgent": "Googlebot/2.1", "page": {"path": "/pricing"}}},
    {"type": "identify", "userId": "u2", "traits": {"email": "new@mill.example", "title": "Chief Engineer"}},
    {"type": "alias", "previousId": "4711", "userId": "u2"},
    {"type": "track", "userId": "u2", "event": "Demo Requested"},
)


def book() -> Rulebook:
    """Two campaigns, one for each reason, the second for whoever else comes."""
    forgotten = {"enroll": {"reasons": ["no_follow_up"]}, "finish": {"after": "1 week", "then": "not-ready"}}
    campaigns: tuple[Campaign, ...] = (campaign_of(), campaign_of("forgotten", **forgotten))
    return book_of(*campaigns)


def dated() -> list[tuple[datetime, dict[str, object]]]:
    """The events, some days apart; the first happened before the file was imported."""
    first = START - timedelta(days=2)
    return [
        (at, {**event, "timestamp": at.isoformat()})
        for number, event in enumerate(EVENTS)
        for at in [first + timedelta(days=3 * number, hours=5 * number, seconds=number)]
    ]


def over_http() -> tuple[IncomingEvent, ...]:
    """The events as the web reads them, each at the moment when it happened."""
    events: list[IncomingEvent] = []
    for at, message in dated():
        decoded = decode(
            "batch", {}, orjson.dumps({"batch": [message], "writeKey": "key"}), WriteKeys({"key": "segment"}), at
        )
        assert isinstance(decoded, Decoded)
        assert not decoded.unusable
        events += decoded.events
    return tuple(events)


def test_the_same_files_tell_the_same_story(stage: Stage, tmp_path: Path) -> None:
    leads, events = tmp_path / "leads.csv", tmp_path / "events.jsonl"
    leads.write_text(LEADS)
    events.write_bytes(b"\n".join(orjson.dumps(message) for _, message in dated()))
    rules = book()
    with open_sheet(leads, Terms.of(rules.agreement, START)) as sheet:
        people = tuple(row for row in sheet if isinstance(row, Person))
    scenario = Scenario(rules, people, START, weeks=8, events=over_http())
    played = stage.production(scenario)
    letters = Letters(app_for(stage.app, scenario).workspace)
    aside = Aside()
    simulated = simulation.told(rules.agreement, run(rules, letters, Asked(leads, START, scenario.end, events), aside))
    assert not differences(played, simulated)
    assert (aside.bad_row_count, aside.bad_line_count) == (1, 0)
    assert {sent.lead.partition("@")[0] for sent in played.sent} == {"bo", "cy", "jo", "new"}
    assert [offered.lead for offered in played.offered] == ["new@mill.example"]
